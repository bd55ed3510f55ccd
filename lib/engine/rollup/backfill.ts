import type { Database } from "#db/database.ts";
import type { SloRow } from "#db/queries/config.ts";
import { readUnstartedSlos } from "#db/queries/config.ts";
import { lockClosedUntil } from "#db/queries/rollup-progress.ts";
import { copySliHours, upsertSliHours } from "#db/queries/sli-hours.ts";
import { isFromProbes } from "#lib/core/slo/definition.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, minuteOf } from "#lib/core/units.ts";
import type { Lease } from "../lease.ts";
import { assertLease } from "../lease.ts";
import type { Histories } from "../probe-histories.ts";
import { firstRunOf, loadHistories } from "../probe-histories.ts";
import { countSlots } from "./count-slots.ts";
import { findSameVersion } from "./same-slots.ts";
import { readSlotFacts } from "./slot-facts.ts";
import type { HourDrafts } from "./slot-hours.ts";
import { writeMinutes } from "./slot-hours.ts";

/** Raw runs are kept for 35 days; older minutes cannot be counted anew. */
const RAW_KEPT_MS = 35 * DAY_MS;
const CHUNK_MINUTES = 720;
const CHUNK_DEADLINE_MS = 10_000;
const WRITE_DEADLINE_MS = 10_000;

type Plan = { readonly slo: SloRow; readonly from: EpochMinute; readonly until: EpochMinute };

/** The first SLO in force that has no hours although its probes ran in closed minutes; null when there is none. */
const findPlan = async (database: Database, closedUntil: EpochMinute, now: EpochMs): Promise<Plan | null> =>
  database.read(async (db) => {
    const missing = (await readUnstartedSlos(db)).filter((slo) => isFromProbes(slo.definition.sli));
    if (missing.length === 0) return null;
    const histories = await loadHistories(db, { from: (closedUntil - 1) as EpochMinute, until: closedUntil });
    for (const slo of missing) {
      const firstRunAt = firstRunOf(histories, slo.definition.probes);
      if (firstRunAt === null) continue;
      const from = minuteOf(Math.max(firstRunAt, addMs(now, -RAW_KEPT_MS)) as EpochMs);
      if (from < closedUntil) return { slo, from, until: closedUntil };
    }
    return null;
  });

/** Raw runs of the SLO's probes in one chunk of minutes. */
const readChunk = (database: Database, slo: SloRow, from: EpochMinute, until: EpochMinute) =>
  database.read(
    async (db) => {
      const histories: Histories = await loadHistories(db, { from, until });
      const nos = new Set(slo.definition.probes.flatMap((id) => histories.byId.get(id)?.probeNo ?? []));
      const pairs = histories.pairs.filter((pair) => nos.has(pair.probeNo));
      const facts = await readSlotFacts(db, { definitions: [slo.definition], histories, pairs, span: { from, until } });
      return { histories, facts };
    },
    { deadlineMs: CHUNK_DEADLINE_MS },
  );

/**
 * Counts the past of one SLO that came into force with a new definition: copied from the version before when that counts
 * the same slots, else from raw runs. All of its hours appear in one transaction, so hours that exist are complete.
 * A run that arrives meanwhile marks its minute and is seen by the next rollup. Returns the SLO's id, or null when
 * there was nothing to do.
 * @throws AppError LEASE_LOST; errors of the database.
 */
export const backfillOneSlo = async (args: {
  readonly database: Database;
  readonly lease: Lease;
  readonly closedUntil: EpochMinute;
  readonly now: EpochMs;
}): Promise<string | null> => {
  const { database, lease, closedUntil, now } = args;
  const plan = await findPlan(database, closedUntil, now);
  if (plan === null) return null;
  const { slo } = plan;
  const key = { sloId: slo.id, version: slo.version };
  const sameVersion = await database.read((db) => findSameVersion(db, slo));
  const drafts: HourDrafts = new Map();
  let from = plan.from;
  while (sameVersion === null && from < plan.until) {
    const until = Math.min(from + CHUNK_MINUTES, plan.until) as EpochMinute;
    const { histories, facts } = await readChunk(database, slo, from, until);
    const slots = countSlots({ definition: slo.definition, histories, facts, span: { from, until } });
    writeMinutes(drafts, key, { from, until }, slots);
    from = until;
  }
  await database.transaction(
    async (tx) => {
      await assertLease(tx, lease);
      // Another rollup closed minutes meanwhile: what was read is not complete any more; the next round starts over.
      if ((await lockClosedUntil(tx)) !== closedUntil) return;
      if (sameVersion === null) await upsertSliHours(tx, [...drafts.values()]);
      else await copySliHours(tx, { sloId: slo.id, fromVersion: sameVersion, toVersion: slo.version });
    },
    { deadlineMs: WRITE_DEADLINE_MS },
  );
  return slo.id;
};
