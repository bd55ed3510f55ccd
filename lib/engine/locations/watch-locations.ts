import type { Database } from "#db/database.ts";
import { readAgentLocations } from "#db/queries/agents.ts";
import type { StoredSpan } from "#db/queries/eyesight.ts";
import { readBlindSpans, readNewReferences } from "#db/queries/eyesight.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, SECOND_MS } from "#lib/core/units.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import type { Lease } from "../lease.ts";
import type { Knowledge } from "../publish/read.ts";
import { judgeDissent, judgeReferences, judgeSilence } from "./judgements.ts";
import { recordJudgements } from "./record.ts";
import type { Uncounted } from "./types.ts";

export type LocationWatcher = {
  /**
   * Judges every location by what is known now, and stores what changed: spans, their minutes for the rollup, events.
   * @throws AppError LEASE_LOST, and what the database throws; the next call looks at everything again.
   */
  readonly look: (args: { lease: Lease; now: EpochMs; knowledge: Knowledge }) => Promise<{ uncounted: Uncounted }>;
};

/** Reference runs may become visible this long after the instant that they are stored under. */
const OVERLAP_MS = 10 * SECOND_MS;
/** How far back the first look goes. */
const FIRST_LOOK_MS = 600 * SECOND_MS;
/** After a longer pause between two looks nothing is said about silence for a while: the silence may be our own. */
const LONGEST_PAUSE_MS = 10 * SECOND_MS;

const uncountedOf = (spans: readonly StoredSpan[]): Map<number, StoredSpan[]> => {
  const byLocation = new Map<number, StoredSpan[]>();
  for (const span of spans) {
    if (span.cause === "silent") continue;
    byLocation.set(span.locationNo, [...(byLocation.get(span.locationNo) ?? []), span]);
  }
  return byLocation;
};

/** Watches how well locations see: their reference checks, whether they dissent from the others, whether they are heard of. */
export const createLocationWatcher = ({ database, log }: { database: Database; log: Logger }): LocationWatcher => {
  let lookedAt: EpochMs | null = null;
  let watchingSince: EpochMs | null = null;

  const readFacts = (now: EpochMs, keptMs: number) => {
    const since = lookedAt === null ? addMs(now, -FIRST_LOOK_MS) : addMs(lookedAt, -OVERLAP_MS);
    return database.read(async (db) => ({
      spans: await readBlindSpans(db, { endedAfter: addMs(now, -keptMs) }),
      news: await readNewReferences(db, since),
      agents: await readAgentLocations(db),
    }));
  };

  const look: LocationWatcher["look"] = async ({ lease, now, knowledge }) => {
    if (lookedAt === null || watchingSince === null || now - lookedAt > LONGEST_PAUSE_MS || now < lookedAt)
      watchingSince = now;
    const keptMs = Math.max(0, ...knowledge.watch.keptMs.values());
    const { spans, news, agents } = await readFacts(now, keptMs);
    const common = { now, knowledge, spans };
    const references = await judgeReferences(database, { ...common, news });
    const judgements = [
      ...references.judgements,
      ...judgeDissent({ ...common, uncounted: uncountedOf(spans) }),
      ...judgeSilence({ ...common, agents, watchingSince }),
    ];
    const hasChanged = await recordJudgements(
      { database, lease, log, now, locations: knowledge.watch.locations },
      { judgements, spans, confirmed: references.confirmed },
    );
    lookedAt = now;
    if (!hasChanged) return { uncounted: uncountedOf(spans) };
    return {
      uncounted: uncountedOf(await database.read((db) => readBlindSpans(db, { endedAfter: addMs(now, -keptMs) }))),
    };
  };

  return {
    look: (args) =>
      look(args).catch((error: unknown) => {
        lookedAt = null;
        throw error;
      }),
  };
};
