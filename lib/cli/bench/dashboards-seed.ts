import type { Database } from "#db/database.ts";
import {
  analyseDashboards,
  insertEvents,
  insertOrganisation,
  insertPast,
  packPast,
} from "#db/queries/bench-dashboards.ts";
import { readSliHours } from "#db/queries/sli-hours.ts";
import { upsertReadings } from "#db/queries/slo-readings.ts";
import type { SloDefinition } from "#lib/core/definitions.ts";
import { DAY_MINUTES, packDay } from "#lib/core/slo/day-pack.ts";
import { defaultPolicy } from "#lib/core/slo/policy.ts";
import { compileSlo, readingAt } from "#lib/core/slo/reading.ts";
import { appendHour, createBlockPool, createSeries } from "#lib/core/slo/series.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMinutes, addMs, DAY_MS, durationMs, epochMs, MINUTE_MS, minuteOf } from "#lib/core/units.ts";

export const SERVICES = 200;
export const SLOS = 500;
export const DAYS = 35;
const WINDOW_MS = durationMs(28 * DAY_MS);
const DEADLINE_MS = 600_000;
const BATCH = 100;
const BAD_MINUTES = 12;

/** The end of the newest evaluated minute: some hours into a day, which is not packed yet. */
export const BENCH_NOW = epochMs(Date.UTC(2026, 9, 1) + DAYS * DAY_MS);
const FIRST_DAY = addMs(BENCH_NOW, -DAYS * DAY_MS);

const definition: Omit<SloDefinition, "id" | "probes"> = {
  sli: { kind: "availability" },
  objective: "99.9",
  window: { kind: "rolling", durationMs: WINDOW_MS },
  burnRateAlerts: defaultPolicy(WINDOW_MS, { intervalMs: durationMs(30_000) }),
};

const full = new Array<number>(DAY_MINUTES).fill(2);

/** The same days as `insertPast` has them: bad on one day in five, in an hour of the SLO's own. */
const packedDay = (slo: number, day: number): Uint8Array => {
  const good = [...full];
  if ((slo * 7 + day * 3) % 5 === 0) good.fill(1, (slo % 24) * 60, (slo % 24) * 60 + BAD_MINUTES);
  return packDay({ good, total: full, expected: full });
};

/** What the newest alert says of itself; the page reads the share of the budget from it. */
const alertReading = (): string => {
  const window = { duration: "1h", bad: 18, total: 120, expected: 120, burnRate: "150", threshold: "13.44" };
  return JSON.stringify({
    evaluatedAt: new Date(BENCH_NOW).toISOString(),
    objective: "99.9",
    window: "28d",
    windows: { long: window, short: { ...window, duration: "5m", bad: 10, total: 10, expected: 10 } },
    budget: { consumedRatio: "0.224", remainingRatio: "0.776", exhaustedInSeconds: null },
    probes: ["probe-0"],
    locations: ["local"],
  });
};

const storeReadings = async (database: Database): Promise<void> => {
  const through = addMinutes(minuteOf(BENCH_NOW), -1);
  const pool = createBlockPool();
  for (let first = 0; first < SLOS; first += BATCH) {
    const ids = Array.from({ length: Math.min(BATCH, SLOS - first) }, (_, index) => `slo-${first + index}`);
    const asks = ids.map((sloId) => ({ sloId, version: 1, fromAt: FIRST_DAY, toAt: BENCH_NOW }));
    const hours = await database.read((db) => readSliHours(db, asks), { deadlineMs: DEADLINE_MS });
    const byId = Map.groupBy(hours, ({ sloId }) => sloId);
    const readings = ids.map((sloId) => {
      const series = createSeries((WINDOW_MS + DAY_MS) / MINUTE_MS, pool);
      for (const hour of byId.get(sloId) ?? []) appendHour(series, minuteOf(hour.hourAt), hour, 60);
      const slo = compileSlo({ ...definition, burnRateAlerts: definition.burnRateAlerts });
      return { sloId, version: 1, through, reading: readingAt(series, slo, through) };
    });
    await database.transaction((tx) => upsertReadings(tx, readings, BENCH_NOW), { deadlineMs: DEADLINE_MS });
  }
};

const packDays = async (database: Database): Promise<void> => {
  for (let first = 0; first < SLOS; first += BATCH) {
    const days: { slo: number; dayAt: EpochMs; counts: Uint8Array }[] = [];
    for (let slo = first; slo < Math.min(SLOS, first + BATCH); slo += 1) {
      // The last day is not packed yet: that happens when it is over.
      for (let day = 0; day < DAYS - 1; day += 1) {
        days.push({ slo, dayAt: addMs(FIRST_DAY, day * DAY_MS), counts: packedDay(slo, day) });
      }
    }
    await database.transaction((tx) => packPast(tx, days), { deadlineMs: DEADLINE_MS });
  }
};

/** Two hundred services and five hundred SLOs with thirty-five days of exact minutes, readings, alerts and incidents. */
export const seedDashboards = async (database: Database): Promise<void> => {
  const options = { deadlineMs: DEADLINE_MS };
  await database.transaction(
    (tx) =>
      insertOrganisation(tx, {
        services: SERVICES,
        slos: SLOS,
        definition: JSON.stringify(definition),
        activeFrom: FIRST_DAY,
      }),
    options,
  );
  await database.transaction((tx) => insertPast(tx, { from: FIRST_DAY, until: BENCH_NOW }), options);
  await packDays(database);
  await storeReadings(database);
  await database.transaction(
    (tx) => insertEvents(tx, { now: BENCH_NOW, days: DAYS, reading: alertReading() }),
    options,
  );
  await database.transaction(analyseDashboards, options);
};
