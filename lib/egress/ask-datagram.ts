import type { Socket } from "node:dgram";
import { createSocket } from "node:dgram";
import { isIP } from "node:net";
import type { Conversation, ConverseArgs } from "./converse.ts";
import { endOnce, failed } from "./end-once.ts";
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
    const { end, isOver, later } = endOnce<Ended<Result>>(args.signal, (ended) => {
      stopwatch.pause();
      socket?.close();
      settle(ended);
    });
    if (isOver()) return;
    const remainingMs = Math.max(0, args.timeoutMs - stopwatch.elapsedMs());
    later(remainingMs, () => end(failed("timeout", "first_byte")));
    socket = createSocket(isIP(address) === 6 ? "udp6" : "udp4");
    const send = () => !isOver() && socket?.send(args.message, (error) => error !== null && end(failureOf(error)));
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
      for (const afterMs of args.resendAfterMs) if (afterMs < remainingMs) later(afterMs, send);
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
