import type { Database } from "#db/database.ts";
import { readConfigDocument } from "#db/queries/config.ts";
import type { DeadManRow } from "#db/queries/dead-man.ts";
import { readDeadMan } from "#db/queries/dead-man.ts";
import { readPulse } from "#db/queries/pulse.ts";
import { DEAD_MAN_CONTEXT } from "#lib/commands/apply-dead-man.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { describeFailure } from "#lib/core/calls/call-failure.ts";
import { pulseFault } from "#lib/core/status/pulse.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { CallerDeps } from "#lib/egress/call.ts";
import { callSystem, newCallerState } from "#lib/egress/call.ts";
import { counter, gauge } from "#lib/runtime/metrics.ts";

/** How often a watcher is looked for while none is configured, and a change of it while the beat is long. */
const LOOK_EVERY_MS = 5_000;
const LONGEST_CALL_MS = 20_000;
const MOST_ANSWER_BYTES = 16_384;
const USER_AGENT = "Nines-DeadMan/1";

export type DeadManArgs = {
  readonly database: Database;
  readonly deps: CallerDeps;
  readonly secretBox: SecretBox;
  readonly signal: AbortSignal;
};

/** `withheld`: we do not watch now, so the watcher is to hear nothing of us. */
type Beat = "sent" | "failed" | "withheld";

const count = (outcome: Beat): void =>
  counter({
    name: "nines_dead_man_beats_total",
    help: "Beats to the outside watcher, by what became of them.",
    labels: ["outcome"],
  }).inc({ outcome });

/** Calls the watcher once if everything between a run and a delivery moves. Never throws for what the watcher does. */
export const createBeat = ({
  database,
  deps,
  secretBox,
  signal,
}: DeadManArgs): ((row: DeadManRow) => Promise<Beat>) => {
  const state = newCallerState();
  const { clock, log } = deps;
  const call = async (row: DeadManRow): Promise<Beat> => {
    const fault = pulseFault(await database.read((db) => readPulse(db, clock.now())), clock.now());
    if (fault !== null) {
      log.warn({ reason: fault }, "the outside watcher is not told that all is well");
      return "withheld";
    }
    const allow = (await database.read(readConfigDocument))?.egress.allow ?? [];
    const deadlineMs = Math.min(LONGEST_CALL_MS, row.intervalMs * 0.8);
    const answer = await callSystem(deps, state, {
      integration: "dead_man",
      url: secretBox.open(row.urlCiphertext, DEAD_MAN_CONTEXT),
      method: row.method,
      headers: { "user-agent": USER_AGENT },
      body: null,
      timeoutMs: deadlineMs / 2,
      deadlineMs,
      maxResponseBytes: MOST_ANSWER_BYTES,
      callsPerMinute: 30,
      allow,
      isPathSecret: true,
      signal,
    });
    if (answer.kind === "answered") {
      gauge({
        name: "nines_dead_man_last_success_timestamp_seconds",
        help: "When the outside watcher last took a beat.",
      }).set(clock.now() / 1_000);
      return "sent";
    }
    log.warn(
      { reason: describeFailure(answer.failure), attempts: answer.attempts },
      "the outside watcher was not reached",
    );
    return "failed";
  };
  return async (row) => {
    const outcome = await call(row);
    count(outcome);
    return outcome;
  };
};

/** The next instant on the beat after `now`: beats lie on multiples of the interval, whoever leads. */
export const nextBeatAt = (now: EpochMs, intervalMs: number): EpochMs =>
  ((Math.floor(now / intervalMs) + 1) * intervalMs) as EpochMs;

/**
 * Calls the outside watcher on its beat until the signal aborts. Runs beside the engine's loops in the process of the
 * leader: what is frozen, cut off or out of date calls nobody, and that silence pages somebody (F37).
 */
export const runDeadMan = async (args: DeadManArgs): Promise<void> => {
  const { database, deps, signal } = args;
  const { clock, log } = deps;
  const beat = createBeat(args);
  let due: { readonly at: EpochMs; readonly intervalMs: number } | null = null;
  const look = async (): Promise<number> => {
    const row = await database.read(readDeadMan);
    const now = clock.now();
    if (row === null) {
      due = null;
      return LOOK_EVERY_MS;
    }
    // A clock that was set back must not keep the watcher waiting for hours.
    if (due === null || due.intervalMs !== row.intervalMs || due.at - now > row.intervalMs)
      due = { at: nextBeatAt(now, row.intervalMs), intervalMs: row.intervalMs };
    if (now >= due.at) {
      due = { at: nextBeatAt(now, row.intervalMs), intervalMs: row.intervalMs };
      await beat(row);
    }
    return Math.min(LOOK_EVERY_MS, Math.max(0, due.at - clock.now()));
  };
  while (!signal.aborted) {
    const waitMs = await look().catch((error: unknown) => {
      if (!signal.aborted) log.warn({ error }, "the outside watcher could not be told anything; trying again");
      return LOOK_EVERY_MS;
    });
    if (signal.aborted) return;
    try {
      await clock.sleep(waitMs, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
};
