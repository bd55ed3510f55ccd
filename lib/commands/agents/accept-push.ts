import type { Database } from "#db/database.ts";
import type { AgentKey } from "#db/queries/agents.ts";
import { touchAgentKey } from "#db/queries/agents.ts";
import type { IngestCache } from "#lib/commands/ingest-runs.ts";
import type { PushResult } from "#lib/contracts/ingest.ts";
import { readPushedRun, readPushedTry } from "#lib/contracts/ingest-run.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Run } from "#lib/core/outcome.ts";
import type { Try } from "#lib/core/tries.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { SECOND_MS } from "#lib/core/units.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { storeRuns } from "./store-runs.ts";

/** Use of a key is noted at most this often. */
const NOTE_USE_EVERY_MS = 5 * SECOND_MS;
const MOST_AHEAD_MS = 60 * SECOND_MS;
const MOST_TOLD = 100;

/** Notes that the agent was heard of, unless that was noted a moment ago. */
export const noteAgent = async (
  database: Database,
  { agent, now, clockOffsetMs = null }: { agent: AgentKey; now: EpochMs; clockOffsetMs?: number | null },
): Promise<void> => {
  if (agent.lastSeenAt !== null && now - agent.lastSeenAt < NOTE_USE_EVERY_MS && now >= agent.lastSeenAt) return;
  await database.transaction((tx) => touchAgentKey(tx, { kid: agent.kid, now, clockOffsetMs }));
};

const forbidden = ({ locationId }: AgentKey): AppError =>
  new AppError("FORBIDDEN", `this agent may push runs of the location "${locationId}" only`);

/** What is no try is left out: it would explain nothing, and is no reason to refuse runs. */
const readTries = (values: readonly unknown[], agent: AgentKey): Try[] => {
  const tries = values.flatMap((value) => readPushedTry(value) ?? []);
  if (tries.some(({ run }) => run.locationId !== agent.locationId)) throw forbidden(agent);
  return tries;
};

/**
 * Stores what an agent pushed. A run that cannot be true (a negative duration, over 60 s in the future, a probe that
 * nobody knows) is refused and told by its place, while the rest is stored; a push that is repeated stores nothing twice.
 * @throws AppError FORBIDDEN when a run is of another location than the agent's: nothing of the push is stored then;
 * DATABASE_TIMEOUT, DATABASE_UNREACHABLE: send it again.
 */
export const acceptPush = async (
  database: Database,
  args: {
    agent: AgentKey;
    runs: readonly unknown[];
    tries?: readonly unknown[] | undefined;
    now: EpochMs;
    cache: IngestCache;
    log: Logger;
  },
): Promise<PushResult> => {
  const { agent, now, cache, log } = args;
  const runs: Run[] = [];
  const refusals: { index: number; reason: string }[] = [];
  args.runs.forEach((value, index) => {
    const read = readPushedRun(value);
    if ("fault" in read) refusals.push({ index, reason: read.fault });
    else if (read.run.locationId !== agent.locationId) throw forbidden(agent);
    else if (read.run.scheduledAt > now + MOST_AHEAD_MS) refusals.push({ index, reason: "future" });
    else runs.push(read.run);
  });
  const tries = readTries(args.tries ?? [], agent);
  const stored = await storeRuns(database, { runs, tries, now, cache, log });
  if (refusals.length > 0)
    log.warn({ location: agent.locationId, count: refusals.length, first: refusals[0] }, "pushed runs were refused");
  return { ...stored, refused: stored.refused + refusals.length, refusals: refusals.slice(0, MOST_TOLD) };
};
