import { afterAll, beforeAll, expect, test } from "vitest";
import { insertExclusion } from "#db/queries/exclusions.ts";
import { readSlosWithReadings } from "#db/queries/slo-dashboard.ts";
import { BacktestResource, FeasibilityResource, ForecastResource } from "#lib/contracts/slo-analyses.ts";
import { addMs, epochMs, MINUTE_MS } from "#lib/core/units.ts";
import { createAnswerCache } from "#lib/read/answer-cache.ts";
import { backtestSlo } from "#lib/read/backtest.ts";
import { loadForecast } from "#lib/read/slo/forecast.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { quickestMs } from "#test/support/stopwatch.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";
import { at, configure, createSloLoop, feedMinutes, lead } from "./slo-world.ts";

const DAY = 1_440;
const END = 28 * DAY;
const SLO = "shop-availability";

let world: TestDatabase;
let site: TestSite;

beforeAll(async () => {
  world = await testDatabase();
  await configure(world.database);
  // Two slots a minute; an outage that is excluded, one that is not, and failures within the last hour.
  const minutes = Array.from({ length: END }, (_, minute): [number, number] => {
    const isDown = (minute >= 10_000 && minute < 10_030) || (minute >= 20_000 && minute < 20_010);
    return [isDown || (minute >= END - 30 && minute % 10 === 0) ? 0 : 2, 2];
  });
  await feedMinutes(world.database, { sloId: SLO, minutes, until: END });
  await world.database.transaction((tx) =>
    insertExclusion(tx, {
      id: "exc_1",
      scope: { serviceId: "shop" },
      kind: "announced",
      startsAt: at(10_000),
      endsAt: at(10_030),
      reason: "moving house",
      author: "Ada",
      createdAt: at(0),
    }),
  );
  const loop = createSloLoop(world.database, createFakeClock(at(END)));
  const lease = await lead(world.database);
  for (let more = true; more; ) more = (await loop.runSloOnce(lease)).hasMore;
  site = await startTestSite({ database: world.database });
});
afterAll(async () => {
  await site.stop();
  await world.drop();
});

const get = async (path: string): Promise<{ status: number; body: unknown }> => {
  const answer = await fetch(`${site.url}/v1/slos/${path}`);
  return { status: answer.status, body: await answer.json() };
};
const slo = async () => {
  const [row] = await world.database.read((db) => readSlosWithReadings(db, SLO));
  if (row === undefined) throw new Error("the SLO is not in force");
  return row;
};

test("feasibility tells what each pair needs, when it finds what, and how often it is wrong", async () => {
  const { status, body } = await get(`${SLO}/feasibility`);
  expect(status).toBe(200);
  const found = FeasibilityResource.parse(body);
  expect(found.events).toMatchObject({ spacingSeconds: 20, locations: 1, flakeRatio: "0.001", badRatio: "0.001" });
  const page = found.pairs.find(({ pair }) => pair === "page_1h_5m");
  expect(page).toMatchObject({ isPossible: true, longEvents: 180, shortEvents: 15 });
  expect(page?.detectionSeconds["100"]).toBe(((page?.failuresNeeded ?? 0) - 1) * 20);
  expect(page?.detectionSeconds["0.1"]).toBeNull();
  expect(found.firstPage?.failuresNeeded).toBeLessThanOrEqual(page?.failuresNeeded ?? 0);
  expect(found.falsePagesIn30d).toBeLessThan(0.2);
});

test("a forecast counts with exclusions, and agrees with the reading", async () => {
  const { status, body } = await get(`${SLO}/forecast`);
  expect(status).toBe(200);
  const found = ForecastResource.parse(body);
  const row = await slo();
  // 10 min of outage and 3 failing minutes, two slots each; the outage of 30 min is excluded.
  expect(row.reading?.budget.bad).toBe(26);
  expect(Number(found.remainingRatio)).toBeCloseTo(row.reading?.budget.remaining ?? 0, 9);
  expect(found.pace).toMatchObject({ bad: 6, total: 120, seconds: 3_600 });
  const exhausted = found.exhausted?.inSeconds ?? 0;
  expect(Date.parse(found.exhausted?.at ?? "")).toBe((row.evaluatedAt ?? 0) + exhausted * 1_000);
  // (80.64 - 26) failures are left at 6 an hour; what leaves the window meanwhile and the events that come change little.
  expect(exhausted / 3_600).toBeGreaterThan(9);
  expect(exhausted / 3_600).toBeLessThan(9.4);
  expect(found.recovered).toMatchObject({ inSeconds: 0 });
  expect(found.summary).toBe("At the pace of the last hour the budget is spent in 9 h.");
  expect((await loadForecast(world.database, row))?.exhaustedIn).toBe(exhausted / 60);
});

test("a backtest of 28 days leaves out what is excluded, and answers in less than a second", async () => {
  const ask = () => get(`${SLO}/backtest?objective=99&minBad=3/2`);
  expect(await quickestMs(1_000, ask)).toBeLessThan(1_000);
  const { status, body } = await ask();
  expect(status).toBe(200);
  const found = BacktestResource.parse(body);
  expect(found).toMatchObject({ objective: "99", budget: { bad: 26 } });
  expect(found.alerts.every(({ firedAt }) => Date.parse(firedAt) > at(20_000))).toBe(true);
  const same = await backtestSlo(world.database, { sloId: SLO });
  expect(same?.comparison.every(({ onlyWould, onlyDid }) => onlyWould === 0 && onlyDid === 0)).toBe(true);
  expect(same?.past.length).toBeGreaterThan(0);
});

test("what cannot be answered is refused with words: unknown ids, wrong terms, spans without end", async () => {
  expect((await get("nothing/feasibility")).status).toBe(404);
  expect((await get("nothing/forecast")).status).toBe(404);
  expect((await get("nothing/backtest")).status).toBe(404);
  for (const query of [
    "objective=100",
    "objective=1e1",
    "window=93d",
    "window=x",
    "minBad=3",
    "from=2020-01-01T00:00:00Z",
    "from=2126-01-01T00:00:00Z",
    "quorum=any",
  ]) {
    expect([query, (await get(`${SLO}/backtest?${query}`)).status]).toEqual([query, 400]);
  }
});

test("an answer is worked out once a minute, a failure again, and what is new has a budget", async () => {
  const cache = createAnswerCache();
  let worked = 0;
  const work = (): Promise<number> => Promise.resolve((worked += 1));
  const t0 = epochMs(0);
  const ask = { key: "a", cost: 50, now: t0 };
  expect(await Promise.all([cache.answer(ask, work), cache.answer(ask, work)])).toEqual([1, 1]);
  await expect(cache.answer({ ...ask, key: "b" }, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await cache.answer({ ...ask, key: "b" }, work)).toBe(2);
  expect(() => cache.answer({ ...ask, key: "c" }, work)).toThrow("try again in a minute");
  const later = addMs(t0, MINUTE_MS);
  expect(await cache.answer({ ...ask, now: later }, work)).toBe(3);
  expect(await cache.answer({ ...ask, key: "c", now: later }, work)).toBe(4);
});
