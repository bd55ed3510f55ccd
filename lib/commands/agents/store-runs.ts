import type { Database } from "#db/database.ts";
import type { ReferenceRun } from "#db/queries/eyesight.ts";
import { insertReferenceRuns } from "#db/queries/eyesight.ts";
import { readNumbers } from "#db/queries/runs.ts";
import type { IngestCache, IngestResult } from "#lib/commands/ingest-runs.ts";
import { createIngestCache, ingestRuns } from "#lib/commands/ingest-runs.ts";
import { ingestTries } from "#lib/commands/ingest-tries.ts";
import { storableText } from "#lib/commands/run-row.ts";
import { referenceIdOf } from "#lib/core/location/reference-probe.ts";
import type { Run } from "#lib/core/outcome.ts";
import type { Try } from "#lib/core/tries.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { DAY_MS, SECOND_MS } from "#lib/core/units.ts";
import type { Logger } from "#lib/runtime/logger.ts";

const MOST_AHEAD_MS = 60 * SECOND_MS;
/** Reference runs are kept for this long; older ones would be dropped at once. */
const OLDEST_MS = 7 * DAY_MS;
const CHECK_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;
const LARGEST_INTEGER = 2 ** 31 - 1;

const locationNos = async (
  database: Database,
  ids: readonly string[],
  cache: IngestCache,
): Promise<ReadonlyMap<string, number>> => {
  const locationIds = ids.filter((id) => !cache.locations.has(id));
  if (locationIds.length > 0) {
    const found = await database.read((db) => readNumbers(db, { probeIds: [], locationIds }));
    for (const [id, no] of found.locations) cache.locations.set(id, no);
  }
  return cache.locations;
};

const storeReferences = async (
  database: Database,
  args: { runs: readonly Run[]; now: EpochMs; cache: IngestCache },
): Promise<IngestResult> => {
  const { runs, now, cache } = args;
  const numbers = await locationNos(database, [...new Set(runs.map((run) => run.locationId))], cache);
  const rows = runs.flatMap((run): ReferenceRun[] => {
    const checkId = referenceIdOf(run.probeId) ?? "";
    const locationNo = numbers.get(run.locationId);
    const isTrue = run.scheduledAt <= now + MOST_AHEAD_MS && run.scheduledAt >= now - OLDEST_MS;
    if (locationNo === undefined || !isTrue || !CHECK_ID.test(checkId)) return [];
    const { outcome, scheduledAt } = run;
    const detail = outcome.detail === null ? null : storableText(outcome.detail);
    const durationUs = Math.min(outcome.durationUs, LARGEST_INTEGER);
    return [{ locationNo, checkId, scheduledAt, class: outcome.class, durationUs, detail }];
  });
  const inserted =
    rows.length === 0
      ? 0
      : await database.transaction((tx) => insertReferenceRuns(tx, { runs: rows, ingestedAt: now }));
  return { inserted, duplicates: rows.length - inserted, late: 0, refused: runs.length - rows.length };
};

/**
 * Stores what a location recorded: runs of probes as `ingestRuns` does, runs of reference checks and the re-checks of slots
 * beside them. All are keyed by what they are of, so that a replay is no change. The result counts runs.
 * @throws AppError DATABASE_TIMEOUT, DATABASE_UNREACHABLE: parts may or may not be stored; send the whole again.
 */
export const storeRuns = async (
  database: Database,
  args: { runs: readonly Run[]; tries?: readonly Try[]; now: EpochMs; cache?: IngestCache; log?: Logger },
): Promise<IngestResult> => {
  const { tries = [], now, log, cache = createIngestCache() } = args;
  const references = args.runs.filter((run) => referenceIdOf(run.probeId) !== null);
  const probes = references.length === 0 ? args.runs : args.runs.filter((run) => referenceIdOf(run.probeId) === null);
  const a = await ingestRuns(database, { ...args, runs: probes, cache });
  await ingestTries(database, { tries, now, cache, log });
  if (references.length === 0) return a;
  const b = await storeReferences(database, { runs: references, now, cache });
  return {
    inserted: a.inserted + b.inserted,
    duplicates: a.duplicates + b.duplicates,
    late: a.late + b.late,
    refused: a.refused + b.refused,
  };
};
