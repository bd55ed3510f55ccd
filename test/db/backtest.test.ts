import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { durationMs } from "#lib/core/units.ts";
import type { Backtest } from "#lib/read/backtest.ts";
import { backtestSlo } from "#lib/read/backtest.ts";
import { checkByOracle } from "#test/faults/rig/oracle.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { runCli } from "#test/support/run-cli.ts";
import { quickestMs } from "#test/support/stopwatch.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import {
  at,
  configure,
  createSloLoop,
  feedMinutes,
  ingest,
  lead,
  probeDefinition,
  readAlerts,
  run,
  slots,
} from "./slo-world.ts";

const DAY = 1_440;
const END = 28 * DAY;

let world: TestDatabase;

const cli = (...args: string[]) => runCli(["backtest", ...args], { DATABASE_URL: world.url });

const backtest = async (ask: Omit<Parameters<typeof backtestSlo>[1], "sloId">): Promise<Backtest> => {
  const answer = await backtestSlo(world.database, { sloId: "shop-availability", ...ask });
  if (answer === null) throw new Error("nothing was answered");
  return answer;
};

describe("a month of stored minutes", () => {
  beforeAll(async () => {
    world = await testDatabase();
    await configure(world.database);
    // Three slots a minute; an outage of 20 minutes, one of 4, and a day on which one slot in 200 fails.
    const minutes = Array.from({ length: END }, (_, minute): [number, number] => {
      const isDown = (minute >= 10_000 && minute < 10_020) || (minute >= 20_000 && minute < 20_004);
      if (isDown) return [0, 3];
      return minute >= 30_000 && minute < 31_440 && minute % 67 === 0 ? [2, 3] : [3, 3];
    });
    const loop = createSloLoop(world.database, createFakeClock(at(END)));
    const lease = await lead(world.database);
    await feedMinutes(world.database, { sloId: "shop-availability", minutes, until: END });
    for (let more = true; more; ) more = (await loop.runSloOnce(lease)).hasMore;
  });
  afterAll(() => world.drop());

  test("is played as the engine judged it, in less than a second", async () => {
    expect(await quickestMs(1_000, () => backtest({}))).toBeLessThan(1_000);
    const answer = await backtest({});
    const lived = await readAlerts(world.database);
    expect(lived.length).toBeGreaterThan(3);
    const minuteOf = (instant: number | null) => (instant === null ? null : (instant - at(0)) / 60_000 - 1);
    const played = answer.alerts.map((alert) => ({
      pair: alert.pairId,
      fired: minuteOf(alert.firedAt),
      resolved: minuteOf(alert.resolvedAt),
    }));
    const byPair = (a: { pair: string; fired: number | null }, b: { pair: string; fired: number | null }) =>
      a.pair < b.pair ? -1 : a.pair > b.pair ? 1 : (a.fired ?? 0) - (b.fired ?? 0);
    expect(played.sort(byPair)).toEqual(lived.map(({ pair, fired, resolved }) => ({ pair, fired, resolved })));
    expect(answer.comparison.every(({ onlyWould, onlyDid }) => onlyWould === 0 && onlyDid === 0)).toBe(true);
    expect(answer.budget).toMatchObject({ bad: 60 + 12 + 22, total: 3 * END });
  });

  test("under a looser objective pages less and says which pages would not have come", async () => {
    const [strict, loose] = [await backtest({}), await backtest({ objective: "99" })];
    expect(loose.alerts.length).toBeLessThan(strict.alerts.length);
    expect(loose.comparison.find(({ severity }) => severity === "page")).toMatchObject({
      would: 1,
      onlyWould: 0,
      onlyDid: 2,
    });
    expect(loose.pairs.map(({ factor }) => factor)).toEqual(strict.pairs.map(({ factor }) => factor));
    expect(loose.budget.consumed).toBeCloseTo((strict.budget.consumed ?? 0) / 10, 12);
  });

  test("under another window has the factors of that window", async () => {
    const answer = await backtest({ windowMs: durationMs(7 * DAY * 60_000) });
    expect(answer.pairs[0]?.factor).toBe("3.36");
    expect(answer.budget.total).toBe(7 * DAY * 3);
  });

  test("a guard that nothing reaches leaves no alert", async () => {
    const answer = await backtest({ guard: { long: 1_000, short: 1_000 } });
    expect(answer.alerts).toEqual([]);
    expect(answer.past.length).toBeGreaterThan(0);
  });

  test("the command prints the same as JSON, and for people", async () => {
    const { code, out } = await cli(
      "--slo",
      "shop-availability",
      "--objective",
      "99.95",
      "--policy",
      "1h:5m:2:ticket",
      "--json",
    );
    expect(code).toBe(0);
    const answer = JSON.parse(out) as { pairs: { pair: string }[]; alerts: { pair: string }[]; objective: string };
    expect(answer.objective).toBe("99.95");
    expect(answer.pairs.map(({ pair }) => pair)).toEqual(["ticket_1h_5m"]);
    expect(new Set(answer.alerts.map(({ pair }) => pair))).toEqual(new Set(["ticket_1h_5m"]));
    const people = await cli("--slo", "shop-availability", "--from", "2026-11-10", "--to", "2026-11-20");
    expect(people.out).toContain("did fire:");
    expect(people.out).toContain("budget at the end:");
  });

  test("unknown SLOs and wrong options are refused with words", async () => {
    expect(await cli("--slo", "nothing")).toMatchObject({
      code: 1,
      err: expect.stringContaining("NOT_FOUND") as string,
    });
    for (const wrong of [
      ["--min-bad", "3"],
      ["--quorum", "some"],
      ["--policy", "5m:1h:2"],
      ["--objective", "100"],
      ["--from", "x"],
    ]) {
      expect(await cli("--slo", "shop-availability", ...wrong)).toMatchObject({
        code: 2,
        err: expect.stringContaining("USAGE") as string,
      });
    }
  });
});

describe("three locations, of which one alone sees a failure and then all do", () => {
  let three: TestDatabase;

  beforeAll(async () => {
    three = await testDatabase();
    world = three;
    const probe = probeDefinition({ locations: ["fra", "iad", "nrt"] });
    await configure(three.database, { locations: [...probe.locations], probes: [probe] });
    const isDown = (locationId: string, slot: number): boolean =>
      (locationId === "nrt" && slot >= at(60) && slot < at(80)) || (slot >= at(90) && slot < at(100));
    const runs = slots(probe, 0, 180).flatMap((slot) =>
      probe.locations.map((locationId) => run(slot, isDown(locationId, slot) ? "timeout" : "ok", { locationId })),
    );
    await ingest(three.database, runs, at(180));
    const loop = createSloLoop(three.database, createFakeClock(at(181)));
    const lease = await lead(three.database);
    for (let more = true; more; ) more = (await loop.runSloOnce(lease)).hasMore;
  });
  afterAll(() => three.drop());

  test("another quorum is counted from raw runs: one bad location is no outage, unless any one is enough", async () => {
    const ask = async (quorum: string) =>
      JSON.parse((await cli("--slo", "shop-availability", "--quorum", quorum, "--json")).out) as {
        budget: { bad: number };
        alerts: { pair: string; firedAt: string }[];
      };
    const [majority, any, two] = [await ask("majority"), await ask("any"), await ask("2")];
    expect([majority.budget.bad, any.budget.bad, two.budget.bad]).toEqual([30, 90, 30]);
    expect(two.alerts).toEqual(majority.alerts);
    expect(Date.parse(any.alerts[0]?.firedAt ?? "")).toBeLessThan(Date.parse(majority.alerts[0]?.firedAt ?? ""));
  });

  test("the oracle of the fault scenarios, which shares no code, agrees, and finds what is changed", async () => {
    const raw = postgres(three.url, { max: 1, onnotice: () => undefined });
    try {
      expect(await checkByOracle(raw)).toEqual([]);
      expect((await readAlerts(three.database)).length).toBeGreaterThan(1);
      await raw`update alerts set fired_at = fired_at - interval '1 minute' where pair_id = 'page_1h_5m'`;
      await raw`update slo_readings set reading = jsonb_set(reading, '{budget,burnRate1h}', '0.5')`;
      const found = await checkByOracle(raw);
      expect(found.map(({ checker }) => checker)).toEqual(["K2", "K3"]);
    } finally {
      await raw.end();
    }
  });
});
