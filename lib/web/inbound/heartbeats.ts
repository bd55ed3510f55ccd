import { createHearingNotes } from "#lib/commands/note-hearing.ts";
import type { HeartbeatRecorder } from "#lib/commands/record-heartbeat.ts";
import { createHeartbeatRecorder } from "#lib/commands/record-heartbeat.ts";
import { hashOfToken } from "#lib/commands/sealed-probe.ts";
import type { HeartbeatTokens } from "#lib/read/heartbeat-tokens.ts";
import { readChangedTokens } from "#lib/read/heartbeat-tokens.ts";
import type { Database } from "#lib/read/web-context.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { runLoop } from "#lib/runtime/run-loop.ts";

const EVERY_MS = 1_000;

export type HeartbeatDesk = {
  /** The heartbeat that a token belongs to; null: to none; undefined: not known yet, since the database never answered. */
  readonly find: (token: string) => number | null | undefined;
  readonly record: HeartbeatRecorder["record"];
  readonly now: Clock["now"];
  readonly ended: Promise<void>;
};

/**
 * Takes pings: knows the tokens in force from memory, so that a lookup costs no query and works while the database is
 * away, and notes every second that it can hear.
 */
export const openHeartbeatDesk = (args: {
  database: Database;
  clock: Clock;
  log: Logger;
  signal: AbortSignal;
}): HeartbeatDesk => {
  const { database, clock, log, signal } = args;
  const hearing = createHearingNotes({ database, clock });
  let tokens: HeartbeatTokens | null = null;
  const round = async (): Promise<void> => {
    tokens = (await readChangedTokens(database, tokens?.version ?? null)) ?? tokens;
    if (tokens !== null && tokens.probeNoByHash.size > 0) await hearing.note();
  };
  const onError = (error: unknown): void =>
    log.debug({ error }, "the tokens of heartbeats could not be read; those that are known go on");
  const loop = runLoop({ intervalMs: EVERY_MS, work: round, onError, clock, signal });
  return {
    find: (token) => (tokens === null ? undefined : (tokens.probeNoByHash.get(hashOfToken(token)) ?? null)),
    record: createHeartbeatRecorder(database).record,
    now: clock.now,
    ended: loop,
  };
};
