import type { Db } from "#db/database.ts";
import { readLatency } from "#db/queries/live-runs.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, epochMs, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";

const STEP_MS = HOUR_MS / 2;
const STEPS = 48;
const NOW_WITHIN_MS = 10 * MINUTE_MS;

/** Response times of the services as the page shows them. */
export type Latency = {
  /** Reads the half hours that may have changed; all of them the first time. */
  readonly refresh: (db: Db, now: EpochMs) => Promise<void>;
  /** Mean of each of the last 48 half hours, oldest first; null where nothing answered. */
  readonly halfHoursOf: (serviceId: string, now: EpochMs) => (number | null)[];
  /** Mean of the newest complete minute with an answer within the last ten minutes. */
  readonly nowOf: (serviceId: string) => number | null;
};

const meanMs = (sumUs: number, count: number): number => Math.round(sumUs / count / 100) / 10;
const stepOf = (at: number): number => Math.floor(at / STEP_MS) * STEP_MS;

/** Means of answer times by half hour for the page, kept between rounds. */
export const createLatency = (): Latency => {
  /** Mean by half hour, by service. */
  const means = new Map<string, Map<number, number>>();
  let latest = new Map<string, { at: EpochMs; ms: number }>();
  let refreshedAt: EpochMs | null = null;
  return {
    refresh: async (db, now) => {
      const oldest = stepOf(now) - (STEPS - 1) * STEP_MS;
      // Late runs change the half hour before as well.
      const from = epochMs(refreshedAt === null ? oldest : Math.max(oldest, stepOf(refreshedAt) - STEP_MS));
      for (const sum of await readLatency(db, { from, until: now, stepSeconds: STEP_MS / 1_000 })) {
        const own = means.get(sum.serviceId) ?? new Map<number, number>();
        means.set(sum.serviceId, own.set(sum.from, meanMs(sum.sumUs, sum.count)));
      }
      for (const own of means.values()) for (const step of own.keys()) if (step < oldest) own.delete(step);
      const newest = new Map<string, { at: EpochMs; ms: number }>();
      for (const sum of await readLatency(db, { from: addMs(now, -NOW_WITHIN_MS), until: now, stepSeconds: 60 })) {
        if ((newest.get(sum.serviceId)?.at ?? 0) >= sum.from) continue;
        newest.set(sum.serviceId, { at: sum.from, ms: meanMs(sum.sumUs, sum.count) });
      }
      latest = newest;
      refreshedAt = now;
    },
    halfHoursOf: (serviceId, now) => {
      const own = means.get(serviceId);
      const newest = stepOf(now);
      return Array.from({ length: STEPS }, (_, index) => own?.get(newest - (STEPS - 1 - index) * STEP_MS) ?? null);
    },
    nowOf: (serviceId) => latest.get(serviceId)?.ms ?? null,
  };
};
