import type { Database } from "#db/database.ts";
import { analyseDashboards, backdateSlos, insertEvents, insertPast, packPast } from "#db/queries/bench-dashboards.ts";
import { readSliHours } from "#db/queries/sli-hours.ts";
import { upsertReadings } from "#db/queries/slo-readings.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { DAY_MINUTES, packDay } from "#lib/core/slo/day-pack.ts";
import { defaultPolicy } from "#lib/core/slo/policy.ts";
import { compileSlo, readingAt } from "#lib/core/slo/reading.ts";
import { appendHour, createBlockPool, createSeries } from "#lib/core/slo/series.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMinutes, addMs, DAY_MS, durationMs, MINUTE_MS, minuteOf } from "#lib/core/units.ts";
import type { OrganisationSize } from "./config.ts";
import { organisationConfig } from "./config.ts";
import { seedDesk } from "./desk-seed.ts";
import type { Past } from "./past.ts";
import { seedRuns } from "./runs-seed.ts";

/** The organisation that the goals are about. */
export const FULL_SIZE: OrganisationSize = { services: 200, slos: 500, days: 35 };
const WINDOW_MS = durationMs(28 * DAY_MS);
const DEADLINE_MS = 600_000;
const BATCH = 100;
const BAD_MINUTES = 12;

const definition = {
  objective: "99.9",
  window: { kind: "rolling", durationMs: WINDOW_MS },
  burnRateAlerts: defaultPolicy(WINDOW_MS, { intervalMs: durationMs(30_000) }),
} as const;

const full = new Array<number>(DAY_MINUTES).fill(2);

/** The same days as `insertPast` has them: bad on one day in five, in an hour of the SLO's own. */
const packedDay = (slo: number, day: number): Uint8Array => {
  const good = [...full];
  if ((slo * 7 + day * 3) % 5 === 0) good.fill(1, (slo % 24) * 60, (slo % 24) * 60 + BAD_MINUTES);
  return packDay({ good, total: full, expected: full });
};

/** What the newest alert says of itself; the page reads the share of the budget from it. */
const alertReading = (now: EpochMs): string => {
  const window = { duration: "1h", bad: 18, total: 120, expected: 120, burnRate: "150", threshold: "13.44" };
  return JSON.stringify({
    evaluatedAt: new Date(now).toISOString(),
    objective: "99.9",
    window: "28d",
    windows: { long: window, short: { ...window, duration: "5m", bad: 10, total: 10, expected: 10 } },
    budget: { consumedRatio: "0.224", remainingRatio: "0.776", exhaustedInSeconds: null },
    probes: ["probe-0"],
    locations: ["local"],
  });
};

const storeReadings = async (database: Database, { size, from, until, now }: Past): Promise<void> => {
  const through = addMinutes(minuteOf(until), -1);
  const pool = createBlockPool();
  const slo = compileSlo(definition);
  for (let first = 0; first < size.slos; first += BATCH) {
    const ids = Array.from({ length: Math.min(BATCH, size.slos - first) }, (_, index) => `slo-${first + index}`);
    const asks = ids.map((sloId) => ({ sloId, version: 1, fromAt: from, toAt: until }));
    const hours = await database.read((db) => readSliHours(db, asks), { deadlineMs: DEADLINE_MS });
    const byId = Map.groupBy(hours, ({ sloId }) => sloId);
    const readings = ids.map((sloId) => {
      const series = createSeries((WINDOW_MS + DAY_MS) / MINUTE_MS, pool);
      for (const hour of byId.get(sloId) ?? []) appendHour(series, minuteOf(hour.hourAt), hour, 60);
      return { sloId, version: 1, through, reading: readingAt(series, slo, through) };
    });
    await database.transaction((tx) => upsertReadings(tx, readings, now), { deadlineMs: DEADLINE_MS });
  }
};

/** All whole days: today is packed when it is over. */
const packDays = async (database: Database, { size, from }: Past): Promise<void> => {
  for (let first = 0; first < size.slos; first += BATCH) {
    const days: { slo: number; dayAt: EpochMs; counts: Uint8Array }[] = [];
    for (let slo = first; slo < Math.min(size.slos, first + BATCH); slo += 1) {
      for (let day = 0; day < size.days; day += 1) {
        days.push({ slo, dayAt: addMs(from, day * DAY_MS), counts: packedDay(slo, day) });
      }
    }
    await database.transaction((tx) => packPast(tx, days), { deadlineMs: DEADLINE_MS });
  }
};

const INCIDENT_SERVICES = 20;

/**
 * An organisation with everything that dashboards show: its configuration, raw runs with their minutes, hours and days, exact
 * minutes of every SLO with readings, alerts, incidents, deliveries and the rest.
 */
export const seedDashboards = async (database: Database, past: Past, secretBox: SecretBox): Promise<void> => {
  const options = { deadlineMs: DEADLINE_MS };
  const { size, from, until } = past;
  const config = organisationConfig(size);
  await database.transaction((tx) => applyConfig(tx, { config, now: from, secretBox }), options);
  await database.transaction((tx) => backdateSlos(tx, from), options);
  await database.transaction((tx) => insertPast(tx, { from, until }), options);
  await packDays(database, past);
  await storeReadings(database, past);
  const affected = Math.min(size.services, INCIDENT_SERVICES);
  const events = { now: until, days: size.days, affected, reading: alertReading(until) };
  await database.transaction((tx) => insertEvents(tx, events), options);
  await seedRuns(database, past);
  await seedDesk(database, past, secretBox);
  await database.transaction(analyseDashboards, options);
};
