import type { Socket } from "node:net";
import { connect as connectTcp, isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Phases } from "#lib/core/outcome.ts";
import type { DurationUs, EpochMs } from "#lib/core/units.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { AllowList } from "./allow-list.ts";
import { classifyError } from "./classify.ts";
import { endOnce, failed } from "./end-once.ts";
import type { Addresses } from "./look-up.ts";
import { lookUpHost } from "./look-up.ts";
import { expiryOf } from "./open-socket.ts";
import type { Resolver } from "./resolve-target.ts";
import { secureContextFor } from "./secure-context.ts";
import type { Stopwatch } from "./stopwatch.ts";
import { createStopwatch } from "./stopwatch.ts";
import type { Failure } from "./types.ts";

export type TlsOptions = {
  /** Compared with the certificate, and sent as SNI when it is a name. */
  readonly serverName: string;
  readonly alpn?: readonly string[];
};

export type ConverseArgs = {
  readonly host: string;
  readonly port: number;
  /** Null: plain TCP. */
  readonly tls: TlsOptions | null;
  /** PEM of the authority to trust instead of the public ones. */
  readonly caPem?: string | null | undefined;
  /** One deadline over look-up, connection, handshake and everything that is said. */
  readonly timeoutMs: number;
  readonly allow: AllowList;
  readonly resolver?: Resolver | undefined;
  readonly signal: AbortSignal;
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Looks at a connection whose handshake is over; must not throw. */
  readonly onSecure?: ((socket: Socket) => void) | undefined;
};

/** What a talk works with. The first call of `done` or `fail` ends it; the connection is closed for it then. */
export type Talk<Result> = {
  readonly socket: Socket;
  readonly done: (result: Result) => void;
  readonly fail: (failure: Failure) => void;
};

export type Conversation<Result> = {
  readonly result: { readonly kind: "done"; readonly value: Result } | Failure;
  readonly durationUs: DurationUs;
  readonly phasesUs: Phases;
  readonly bytesRead: number;
  /** Of the last connection that was tried. */
  readonly address: string | null;
  readonly certificateExpiresAt: EpochMs | null;
};

type Ended<Result> = Conversation<Result>["result"];
type Trail = { bytesRead: number; address: string | null; certificateExpiresAt: EpochMs | null };
type Attempt = { readonly address: string; readonly patienceMs: number | null };

const MAX_ADDRESSES = 4;
const CAN_TRY_NEXT: ReadonlySet<string> = new Set(["connect_refused", "connect_timeout", "internal_error"]);

const openSocket = ({ port, tls, caPem }: ConverseArgs, address: string): Socket => {
  const target = { host: address, port, autoSelectFamily: false, noDelay: true } as const;
  if (tls === null) return connectTcp(target);
  return connectTls({
    ...target,
    // An address is never sent as SNI; it is compared with the certificate as the host of the connection.
    servername: isIP(tls.serverName) === 0 ? tls.serverName : "",
    ...(isIP(tls.serverName) === 0 ? {} : { host: address }),
    secureContext: secureContextFor(caPem ?? undefined),
    ALPNProtocols: [...(tls.alpn ?? [])],
  });
};

/** The peer closed in good order before the talk was over. */
const closedEarly = (stopwatch: Stopwatch, bytesRead: number): Failure => {
  if (stopwatch.phase() === "tls") return failed("tls_error", "closed in handshake");
  return bytesRead === 0 ? failed("empty_reply", "closed without an answer") : failed("protocol_error", "closed early");
};

/** One connection to one address. Resolves once, at the latest at the deadline; nothing is left open then. */
const attempt = <Result>(
  args: ConverseArgs,
  { address, patienceMs }: Attempt,
  stopwatch: Stopwatch,
  trail: Trail,
  talk: (talk: Talk<Result>) => void,
): Promise<Ended<Result>> =>
  new Promise((settle) => {
    let socket: Socket | null = null;
    const { end, isOver, later } = endOnce<Ended<Result>>(args.signal, (ended) => {
      stopwatch.pause();
      socket?.destroy();
      settle(ended);
    });
    if (isOver()) return;
    const giveUp = () => stopwatch.phase() === "connect" && end(failed("connect_timeout", "no answer to SYN"));
    const remainingMs = Math.max(0, args.timeoutMs - stopwatch.elapsedMs());
    later(remainingMs, () => end(failed("timeout", stopwatch.phase())));
    if (patienceMs !== null) later(patienceMs, giveUp);
    stopwatch.enter("connect");
    try {
      socket = openSocket(args, address);
      listen(socket, { args, stopwatch, trail, end }, talk);
    } catch (error) {
      end(failed("internal_error", error instanceof Error && "code" in error ? String(error.code) : "connect"));
    }
  });

type Listening<Result> = {
  readonly args: ConverseArgs;
  readonly stopwatch: Stopwatch;
  readonly trail: Trail;
  readonly end: (ended: Ended<Result>) => void;
};

const listen = <Result>(
  socket: Socket,
  { args, stopwatch, trail, end }: Listening<Result>,
  talk: (talk: Talk<Result>) => void,
): void => {
  const begin = () => {
    stopwatch.enter("first_byte");
    try {
      talk({ socket, done: (value) => end({ kind: "done", value }), fail: end });
    } catch {
      end(failed("internal_error", "unexpected error"));
    }
  };
  socket.on("error", (error) =>
    end(classifyError({ error, phase: stopwatch.phase(), hasAnswerByte: trail.bytesRead > 0, hasHead: false })),
  );
  socket.once("connect", () => (args.tls === null ? begin() : stopwatch.enter("tls")));
  socket.once("secureConnect", () => {
    // Before the expiry is read: Node gives the peer's certificate as an object once, and nothing of it afterwards.
    args.onSecure?.(socket);
    trail.certificateExpiresAt = expiryOf(socket);
    begin();
  });
  // Counted before the talk sees them, since its listener comes later.
  socket.on("data", (bytes: Buffer) => {
    if (trail.bytesRead === 0) stopwatch.enter("transfer");
    trail.bytesRead += bytes.length;
  });
  socket.once("end", () => setImmediate(() => end(closedEarly(stopwatch, trail.bytesRead))));
  socket.once("close", () => end(closedEarly(stopwatch, trail.bytesRead)));
};

/** Tries the addresses in turn until one takes the connection. All but the last get at most half of the time left. */
const tryAddresses = async <Result>(
  args: ConverseArgs,
  { addresses }: Addresses,
  stopwatch: Stopwatch,
  trail: Trail,
  talk: (talk: Talk<Result>) => void,
): Promise<Ended<Result>> => {
  const tried = addresses.slice(0, MAX_ADDRESSES);
  let last: Ended<Result> = failed("dns_error", "ENODATA");
  for (const [index, address] of tried.entries()) {
    const isLast = index === tried.length - 1;
    trail.address = address;
    trail.bytesRead = 0;
    const patienceMs = isLast ? null : (args.timeoutMs - stopwatch.elapsedMs()) / 2;
    last = await attempt(args, { address, patienceMs }, stopwatch, trail, talk);
    const isStuck = last.kind === "failed" && stopwatch.phase() === "connect" && CAN_TRY_NEXT.has(last.class);
    if (!isStuck) return last;
  }
  return last;
};

/**
 * Connects to a host over TCP or TLS and lets `talk` speak. Judges the host, looks it up once and connects to a checked
 * address. Never throws for what the peer did or the policy refused; resolves within the deadline with nothing open.
 */
export const converse = async <Result>(
  args: ConverseArgs,
  talk: (talk: Talk<Result>) => void,
): Promise<Conversation<Result>> => {
  const stopwatch = createStopwatch(args.clock.monotonicMs);
  const trail: Trail = { bytesRead: 0, address: null, certificateExpiresAt: null };
  const target = await lookUpHost(args.host, { ...args, stopwatch });
  const result = target.kind === "failed" ? target : await tryAddresses(args, target, stopwatch, trail, talk);
  stopwatch.stop();
  return { result, ...trail, durationUs: stopwatch.durationUs(), phasesUs: stopwatch.phasesUs() };
};
