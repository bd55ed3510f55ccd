import { once } from "node:events";
import { AppError } from "#lib/core/errors.ts";
import type { LiveEvent } from "#lib/read/live-events.ts";
import { readLiveEvents, readNewestPosition, readPositionOf } from "#lib/read/live-events.ts";
import type { Database } from "#lib/read/web-context.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { runLoop } from "#lib/runtime/run-loop.ts";
import type { Exchange } from "./http/exchange.ts";
import { COMMON_HEADERS } from "./http/security-headers.ts";

export type LiveRequest = {
  /** Whose streams are counted together. */
  readonly callerId: string;
  readonly wants: (event: LiveEvent) => boolean;
  /** The id of the last event that the reader saw. */
  readonly lastEventId: string | null;
  /** Sent first: what is so now. */
  readonly opening: string;
  /** Asked every minute: a revoked key loses its stream. */
  readonly isAllowed: () => Promise<boolean>;
};

export type EventStream = {
  /** Follows events until either side goes. @throws AppError RATE_LIMITED when the caller has too many streams */
  readonly open: (exchange: Exchange, request: LiveRequest) => Promise<number>;
  /** Ends all streams; readers come back to another instance. */
  readonly stop: () => void;
  /** Settles when the loop has ended after the signal's abort. */
  readonly ended: Promise<void>;
};

type Reader = LiveRequest & {
  readonly exchange: Exchange;
  position: bigint;
  isCatchingUp: boolean;
  checkedAtMs: number;
};

const POLL_EVERY_MS = 500;
const HEARTBEAT_EVERY_MS = 15_000;
const CHECK_EVERY_MS = 60_000;
const PAGE = 500;
const MOST_OF_A_CALLER = 5;
const MOST_IN_ALL = 500;
/** T35: what a reader has not taken by then it never will in time. */
const MOST_BUFFERED_BYTES = 65_536;

/** Names and ids are ours and have no line end; JSON has none either. */
const eventText = ({ id, type, data }: Pick<LiveEvent, "id" | "type" | "data">): string =>
  `id: ${id}\nevent: ${type}\ndata: ${data}\n\n`;

const HEAD = [
  ...["Content-Type", "text/event-stream; charset=utf-8", "Cache-Control", "no-store", "X-Accel-Buffering", "no"],
  ...COMMON_HEADERS,
];

const write = ({ exchange: { res } }: Pick<Reader, "exchange">, text: string): void => {
  if (!res.destroyed && !res.writableEnded) res.write(text);
};

/**
 * A burst may fill the buffer of any reader for a moment; whoever still has not taken it at the next look is dropped. One
 * that catches up is waited for instead, as long as it takes anything at all (`cutSlowReaders`).
 */
const dropSlow = (readers: ReadonlySet<Reader>): void => {
  for (const { exchange, isCatchingUp } of readers)
    if (!isCatchingUp && exchange.res.writableLength > MOST_BUFFERED_BYTES) exchange.res.destroy();
};

const drained = async ({ exchange: { res } }: Reader): Promise<void> => {
  if (res.writableLength > MOST_BUFFERED_BYTES && !res.destroyed)
    await Promise.race([once(res, "drain"), once(res, "close")]);
};

const hand = (reader: Reader, event: LiveEvent): void => {
  if (event.position <= reader.position) return;
  reader.position = event.position;
  if (reader.wants(event)) write(reader, eventText(event));
};

type World = { readonly database: Database; readonly clock: Clock; readonly log: Logger };
/** `position` is null while nobody follows. */
type State = { readonly readers: Set<Reader>; position: bigint | null; beatAtMs: number };

/** Where a reader begins: after what it saw, or now. A gap is said, so that it can ask for the list of events. */
const startOf = async ({ database, clock }: World, lastEventId: string | null) => {
  const newest = await readNewestPosition(database, clock.now());
  if (lastEventId === null) return { newest, start: newest, hasGap: false };
  const known = await readPositionOf(database, lastEventId, clock.now());
  return { newest, start: known ?? newest, hasGap: known === null };
};

/** Brings a reader to where the hub is; from then on the hub hands it what is new. */
const catchUp = async ({ database, clock }: World, state: State, reader: Reader): Promise<void> => {
  const isOpen = (): boolean => state.readers.has(reader) && !reader.exchange.res.destroyed;
  while (isOpen()) {
    const events = await readLiveEvents(database, { after: reader.position, limit: PAGE, now: clock.now() });
    for (const event of events) {
      hand(reader, event);
      await drained(reader);
    }
    if (events.length < PAGE && reader.position >= (state.position ?? 0n)) break;
  }
  reader.isCatchingUp = false;
};

const recheck = (log: Logger, reader: Reader): void => {
  const end = (): void => void reader.exchange.res.end();
  reader.isAllowed().then(
    (isAllowed) => (isAllowed ? undefined : end()),
    (error: unknown) => log.warn({ error }, "the key of a live stream could not be looked up; trying again"),
  );
};

const poll = async ({ database, clock, log }: World, state: State): Promise<void> => {
  const { readers } = state;
  if (readers.size === 0) {
    state.position = null;
    return;
  }
  dropSlow(readers);
  if (state.position !== null) {
    const events = await readLiveEvents(database, { after: state.position, limit: PAGE, now: clock.now() });
    state.position = events.at(-1)?.position ?? state.position;
    for (const reader of readers) if (!reader.isCatchingUp) for (const event of events) hand(reader, event);
  }
  const nowMs = clock.monotonicMs();
  if (nowMs - state.beatAtMs >= HEARTBEAT_EVERY_MS) {
    state.beatAtMs = nowMs;
    for (const reader of readers) write(reader, ": heartbeat\n\n");
  }
  for (const reader of readers) {
    if (nowMs - reader.checkedAtMs < CHECK_EVERY_MS) continue;
    reader.checkedAtMs = nowMs;
    recheck(log, reader);
  }
};

const assertRoom = ({ readers }: State, callerId: string): void => {
  const own = [...readers].filter((reader) => reader.callerId === callerId).length;
  if (own >= MOST_OF_A_CALLER)
    throw new AppError("RATE_LIMITED", `a caller may follow ${MOST_OF_A_CALLER} live streams at a time`);
  if (readers.size >= MOST_IN_ALL)
    throw new AppError("RATE_LIMITED", "too many follow the live stream; try again later");
};

const follow = async (world: World, state: State, reader: Reader, hasGap: boolean): Promise<number> => {
  const { res, requestId } = reader.exchange;
  const closed = new Promise<void>((resolve) => res.once("close", resolve));
  res.writeHead(200, [...HEAD, "X-Request-ID", requestId]);
  write(reader, `retry: 3000\n\n${reader.opening}`);
  if (hasGap) write(reader, `event: gap\ndata: {"lastEventId":${JSON.stringify(reader.lastEventId)}}\n\n`);
  try {
    await catchUp(world, state, reader);
    await closed;
  } finally {
    state.readers.delete(reader);
    // Also when the database failed: the reader comes back with the last id that it saw.
    res.end();
  }
  return 200;
};

/** Hands events of the log to whoever follows `/v1/live`: one query for all of them, every half second while there is anybody. */
export const createEventStream = (args: World & { readonly signal: AbortSignal }): EventStream => {
  const { clock, log, signal } = args;
  const state: State = { readers: new Set(), position: null, beatAtMs: clock.monotonicMs() };
  const stop = (): void => {
    for (const { exchange } of state.readers) exchange.res.end();
  };
  const onError = (error: unknown): void => log.warn({ error }, "live events could not be read; trying again");
  const ended = runLoop({ intervalMs: POLL_EVERY_MS, work: () => poll(args, state), onError, clock, signal });
  return {
    stop,
    ended: ended.then(stop),
    open: async (exchange, request) => {
      if (exchange.req.method === "HEAD") {
        exchange.res.writeHead(200, [...HEAD, "X-Request-ID", exchange.requestId]).end();
        return 200;
      }
      assertRoom(state, request.callerId);
      const at = await startOf(args, request.lastEventId);
      assertRoom(state, request.callerId);
      state.position ??= at.newest;
      const checkedAtMs = clock.monotonicMs();
      const reader: Reader = { ...request, exchange, position: at.start, isCatchingUp: true, checkedAtMs };
      state.readers.add(reader);
      return follow(args, state, reader, at.hasGap);
    },
  };
};
