import type { Database } from "#db/database.ts";
import { analyseBench, insertBenchDays, insertBenchHours, insertBenchSlos } from "#db/queries/bench-slo.ts";
import { DAY_MINUTES, packDay } from "#lib/core/slo/day-pack.ts";
import { defaultPolicy } from "#lib/core/slo/policy.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, durationMs, epochMs, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";

export const WINDOW_DAYS = 28;
/** Slots a minute: a probe of 30 s. */
export const PER_MINUTE = 2;
/** One day in five has bad slots somewhere: what is packed is then different for every SLO. */
const DAYS_A_BAD_ONE = 5;
const BAD_MINUTES = 12;
const BATCH_SLOS = 500;
const SEED_DEADLINE_MS = 120_000;

/** The first day of the past; the window of 28 days lies within. */
const FIRST_DAY = epochMs(Date.UTC(2026, 9, 1));
/** The first minute that the bench evaluates: some hours into a day, so that hours are read as well as days. */
export const FIRST_TICK = epochMs(FIRST_DAY + (WINDOW_DAYS + 1) * DAY_MS + 10 * HOUR_MS + 5 * MINUTE_MS);

/** An even spread of pseudo-random numbers from 0 to below 1: the same on every run. */
const sequence = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

const total = new Array<number>(DAY_MINUTES).fill(PER_MINUTE);
const HEALTHY = packDay({ good: total, total, expected: total });

/** Good slots of each minute of a day of an SLO; null when all were good. Also what the yardstick is loaded with. */
export const badDay = (slo: number, day: number): number[] | null => {
  if ((slo * 7 + day * 3) % DAYS_A_BAD_ONE !== 0) return null;
  const next = sequence(slo * 1_000 + day);
  const good = [...total];
  for (let count = 0; count < BAD_MINUTES; count += 1) good[Math.floor(next() * DAY_MINUTES)] = PER_MINUTE - 1;
  return good;
};

const definitionText = (): string => {
  const window = { kind: "rolling", durationMs: durationMs(WINDOW_DAYS * DAY_MS) } as const;
  return JSON.stringify({
    sli: { kind: "availability" },
    probes: ["home"],
    objective: "99.9",
    window,
    burnRateAlerts: defaultPolicy(window.durationMs, { intervalMs: durationMs(MINUTE_MS / PER_MINUTE) }),
  });
};

const seedDays = async (database: Database, count: number): Promise<void> => {
  for (let first = 0; first < count; first += BATCH_SLOS) {
    const days: { slo: number; dayAt: EpochMs; counts: Uint8Array }[] = [];
    for (let slo = first; slo < Math.min(count, first + BATCH_SLOS); slo += 1) {
      for (let day = 0; day <= WINDOW_DAYS; day += 1) {
        const good = badDay(slo, day);
        const counts = good === null ? HEALTHY : packDay({ good, total, expected: total });
        days.push({ slo, dayAt: addMs(FIRST_DAY, day * DAY_MS), counts });
      }
    }
    await database.transaction((tx) => insertBenchDays(tx, days), { deadlineMs: SEED_DEADLINE_MS });
  }
};

/** `count` SLOs of the default policy with 29 packed days and the hours of the day under way. */
export const seedSlos = async (database: Database, count: number): Promise<void> => {
  const today = epochMs(FIRST_DAY + (WINDOW_DAYS + 1) * DAY_MS);
  const options = { deadlineMs: SEED_DEADLINE_MS };
  await database.transaction(
    (tx) =>
      insertBenchSlos(tx, {
        count,
        definition: definitionText(),
        activeFrom: FIRST_DAY,
        throughAt: addMs(FIRST_TICK, -MINUTE_MS),
      }),
    options,
  );
  await seedDays(database, count);
  const hours = { from: today, until: addMs(today, 12 * HOUR_MS), perMinute: PER_MINUTE };
  await database.transaction(
    (tx) => insertBenchHours(tx, { ...hours, closedUntil: addMs(FIRST_TICK, MINUTE_MS) }),
    options,
  );
  await database.transaction(analyseBench, options);
};
