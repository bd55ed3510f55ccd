import type { Database } from "#db/database.ts";
import { readIncidentCosts, readIncidentsToCost, writeIncidentCosts } from "#db/queries/incident-costs.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, HOUR_MS } from "#lib/core/units.ts";
import { measureCosts } from "#lib/read/incident-costs.ts";
import type { Lease } from "../lease.ts";
import { assertLease } from "../lease.ts";

const MOST = 50;

/**
 * Measures what incidents cost, for the page: those that are open, and a day longer because results may come late.
 * Returns how many figures changed. @throws AppError LEASE_LOST; errors of the database.
 */
export const measureIncidentCosts = async (args: {
  readonly database: Database;
  readonly lease: Lease;
  readonly now: EpochMs;
}): Promise<number> => {
  const { database, lease, now } = args;
  const incidents = await database.read((db) =>
    readIncidentsToCost(db, { endedAfter: addMs(now, -DAY_MS), changedAfter: addMs(now, -HOUR_MS), limit: MOST }),
  );
  const ids = incidents.map(({ id }) => id);
  const known = ids.length === 0 ? [] : await database.read((db) => readIncidentCosts(db, ids));
  const keyOf = (cost: (typeof known)[number]): string =>
    [cost.incidentId, cost.sloId, cost.share, cost.period, cost.windowDays].join(" ");
  const before = new Set(known.map(keyOf));
  const measured = [];
  for (const incident of incidents) measured.push(...(await measureCosts(database, incident, now)));
  const changed = measured.filter((cost) => !before.has(keyOf(cost)));
  if (changed.length === 0) return 0;
  await database.transaction(async (tx) => {
    await assertLease(tx, lease);
    await writeIncidentCosts(tx, changed, now);
  });
  return changed.length;
};
