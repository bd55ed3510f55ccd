import type { Database } from "#db/database.ts";
import { readNumbers } from "#db/queries/runs.ts";
import type { TryRow } from "#db/queries/tries.ts";
import { insertTries } from "#db/queries/tries.ts";
import { referenceIdOf } from "#lib/core/location/reference-probe.ts";
import type { Try } from "#lib/core/tries.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, SECOND_MS } from "#lib/core/units.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { counter } from "#lib/runtime/metrics.ts";
import type { IngestCache } from "./ingest-runs.ts";
import { runRowOf } from "./run-row.ts";

/** As for runs: what a location's clock may run ahead, and how long raw runs are kept at least. */
const MOST_AHEAD_MS = 60 * SECOND_MS;
const OLDEST_MS = 35 * DAY_MS;

const refusedTotal = () =>
  counter({ name: "nines_tries_refused_total", help: "Re-checks that were not stored because they cannot be true." });

const learnNumbers = async (database: Database, tries: readonly Try[], cache: IngestCache): Promise<void> => {
  const unknown = (ids: readonly string[], known: ReadonlyMap<string, number>): string[] =>
    [...new Set(ids)].filter((id) => !known.has(id));
  const ids = {
    probeIds: unknown(
      tries.map(({ run }) => run.probeId),
      cache.probes,
    ),
    locationIds: unknown(
      tries.map(({ run }) => run.locationId),
      cache.locations,
    ),
  };
  if (ids.probeIds.length + ids.locationIds.length === 0) return;
  const found = await database.read((db) => readNumbers(db, ids));
  for (const [id, no] of found.probes) cache.probes.set(id, no);
  for (const [id, no] of found.locations) cache.locations.set(id, no);
};

const rowOf = ({ number, run }: Try, cache: IngestCache, now: EpochMs): TryRow | null => {
  const probeNo = cache.probes.get(run.probeId);
  const locationNo = cache.locations.get(run.locationId);
  const isTrue = run.scheduledAt <= now + MOST_AHEAD_MS && run.scheduledAt >= now - OLDEST_MS && number >= 2;
  if (probeNo === undefined || locationNo === undefined || !isTrue || referenceIdOf(run.probeId) !== null) return null;
  const { startDelayMs, startedAt, failures, ...row } = runRowOf(run, { probeNo, locationNo });
  return {
    ...row,
    number,
    startedAt: startedAt ?? addMs(row.scheduledAt, startDelayMs ?? 0),
    failures: failures === null ? null : JSON.parse(failures),
  };
};

/**
 * Stores re-checks beside the runs that they explain, each at most once by probe, location, slot and number. Runs, buckets
 * and votes stay as they are. Those of unknown probes or locations, over 60 s in the future or over 35 days old are refused,
 * counted and logged. Returns how many were new.
 * @throws AppError DATABASE_TIMEOUT or DATABASE_UNREACHABLE: they may or may not be stored; send them again.
 */
export const ingestTries = async (
  database: Database,
  args: { tries: readonly Try[]; now: EpochMs; cache: IngestCache; log?: Logger | undefined },
): Promise<number> => {
  const { tries, now, cache, log } = args;
  if (tries.length === 0) return 0;
  await learnNumbers(database, tries, cache);
  const rows = tries.flatMap((one) => rowOf(one, cache, now) ?? []);
  const refused = tries.length - rows.length;
  if (refused > 0) {
    refusedTotal().inc(refused);
    log?.warn({ refused }, "re-checks were refused");
  }
  return rows.length === 0 ? 0 : database.transaction((tx) => insertTries(tx, { rows, ingestedAt: now }));
};
