import type { Socket } from "node:dgram";
import { createSocket } from "node:dgram";
import { isIP } from "node:net";
import type { Conversation, ConverseArgs } from "./converse.ts";
import { lookUpHost } from "./look-up.ts";
import type { Stopwatch } from "./stopwatch.ts";
import { createStopwatch } from "./stopwatch.ts";
import type { Failure } from "./types.ts";

export type AskDatagramArgs<Result> = Omit<ConverseArgs, "tls" | "caPem"> & {
  readonly message: Uint8Array;
  /** When the message is sent again, in milliseconds after the first time: a lost datagram is no outage. */
  readonly resendAfterMs: readonly number[];
  /** What a datagram of the peer comes to; null for one that is not meant for us, which is passed over. */
  readonly read: (datagram: Buffer) => { readonly kind: "done"; readonly value: Result } | Failure | null;
};

type Ended<Result> = Conversation<Result>["result"];

const failed = (name: Failure["class"], detail: string): Failure => ({ kind: "failed", class: name, detail });

const failureOf = (error: Error): Failure => {
  const code = "code" in error ? String(error.code) : "socket";
  if (code === "ECONNREFUSED") return failed("connect_refused", code);
  if (code === "EHOSTUNREACH" || code === "EHOSTDOWN") return failed("connect_timeout", code);
  return failed("internal_error", code);
};

const exchange = <Result>(
  args: AskDatagramArgs<Result>,
  address: string,
  stopwatch: Stopwatch,
  onBytes: (count: number) => void,
): Promise<Ended<Result>> =>
  new Promise((settle) => {
    let socket: Socket | null = null;
    let isSettled = false;
    const timers: NodeJS.Timeout[] = [];
    const end = (ended: Ended<Result>) => {
      if (isSettled) return;
      isSettled = true;
      stopwatch.pause();
      for (const timer of timers) clearTimeout(timer);
      args.signal.removeEventListener("abort", onAbort);
      socket?.close();
      settle(ended);
    };
    const onAbort = () => end(failed("skipped", "shutdown"));
    if (args.signal.aborted) return onAbort();
    args.signal.addEventListener("abort", onAbort);
    const remainingMs = Math.max(0, args.timeoutMs - stopwatch.elapsedMs());
    timers.push(setTimeout(() => end(failed("timeout", "first_byte")), remainingMs));
    socket = createSocket(isIP(address) === 6 ? "udp6" : "udp4");
    const send = () => !isSettled && socket?.send(args.message, (error) => error !== null && end(failureOf(error)));
    socket.on("error", (error) => end(failureOf(error)));
    socket.on("message", (datagram) => {
      onBytes(datagram.length);
      const ended = args.read(datagram);
      if (ended !== null) end(ended);
    });
    stopwatch.enter("first_byte");
    // Connected, the kernel passes on datagrams of this peer only, and tells when nobody listens there.
    socket.connect(args.port, address, () => {
      send();
      for (const afterMs of args.resendAfterMs) if (afterMs < remainingMs) timers.push(setTimeout(send, afterMs));
    });
  });

/**
 * Sends one datagram to a host and waits for the one that answers it. Judges the host, looks it up once and speaks to
 * its first address. Never throws for what the peer did; resolves within the deadline with nothing open.
 */
export const askDatagram = async <Result>(args: AskDatagramArgs<Result>): Promise<Conversation<Result>> => {
  const stopwatch = createStopwatch(args.clock.monotonicMs);
  let bytesRead = 0;
  const target = await lookUpHost(args.host, { ...args, stopwatch });
  const address = target.kind === "ready" ? (target.addresses[0] ?? null) : null;
  const result =
    target.kind === "failed"
      ? target
      : address === null
        ? failed("dns_error", "ENODATA")
        : await exchange(args, address, stopwatch, (count) => {
            bytesRead += count;
          });
  stopwatch.stop();
  const measured = { durationUs: stopwatch.durationUs(), phasesUs: stopwatch.phasesUs(), bytesRead };
  return { result, ...measured, address, certificateExpiresAt: null };
};
