import { readdirSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import { insertExclusion } from "#db/queries/exclusions.ts";
import type { Reading } from "#lib/core/slo/reading.ts";
import type { EpochMinute } from "#lib/core/units.ts";
import { createEvaluator } from "#lib/engine/evaluate.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { packDays } from "#lib/engine/pack-days.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import {
  at,
  changeSlo,
  configure,
  createSloLoop,
  feedMinutes,
  ingestSpan,
  lead,
  minute,
  readAlerts,
  readEvents,
  sloDefinition,
  unguardedPairs,
} from "./slo-world.ts";

let world: TestDatabase;
let database: Database;

beforeEach(async () => {
  world = await testDatabase();
  database = world.database;
});
afterEach(() => world.drop());

const evaluator = (db = database) =>
  createEvaluator({ database: db, clock: createFakeClock(at(0)), log: silentLogger });
const NOTHING = { rerolled: [] };

type Episode = { fires_at_minute: number; resolves_at_minute: number | null };
type CaseFile = {
  series: [number, number, number, number][];
  end_minute: number;
  exclusions_half_open_minutes?: [number, number][];
  expected: { alerts: Record<string, Episode[]> };
};

const CASES = new URL("../fixtures/slo-cases/cases/", import.meta.url);
const CASE_NAMES = readdirSync(CASES).map((file) => file.replace(/\.json$/, ""));

const readCase = (name: string) => {
  const url = new URL(`${name}.json`, CASES);
  const file = JSON.parse(readFileSync(url, "utf8")) as CaseFile;
  const minutes: ([number, number] | undefined)[] = [];
  for (const [start, length, good, total] of file.series) {
    for (let index = start; index < start + length; index += 1) minutes[index] = [good, total];
  }
  const due = Object.entries(file.expected.alerts)
    .filter(([pair]) => pair !== "page" && pair !== "ticket")
    .flatMap(([pair, episodes]) =>
      episodes.map((episode, index) => ({
        pair,
        number: index + 1,
        fired: episode.fires_at_minute,
        resolved: episode.resolves_at_minute,
      })),
    );
  return { minutes, end: file.end_minute + 1, due, exclusions: file.exclusions_half_open_minutes ?? [] };
};

const exclude = (from: number, until: number, id = `exc_${from}`) =>
  database.transaction((tx) =>
    insertExclusion(tx, {
      id,
      scope: { serviceId: "shop" },
      kind: "announced",
      startsAt: at(from),
      endsAt: at(until),
      reason: "moving house",
      author: "ada@example.org",
      createdAt: at(0),
    }),
  );

const seenEpisodes = async () =>
  (await readAlerts(database)).map(({ pair, number, fired, resolved }) => ({ pair, number, fired, resolved }));

const catchUp = async (one: ReturnType<typeof evaluator>, lease: Lease) => {
  for (let round = 0; round < 50; round += 1) if (!(await one.runEvaluateOnce(lease, NOTHING)).hasMore) return;
  throw new Error("the evaluator does not come to an end");
};

describe("the live engine", () => {
  const unguarded = sloDefinition({ burnRateAlerts: unguardedPairs() });

  test("knows all sixteen recorded cases", () => expect(CASE_NAMES).toHaveLength(16));

  test.each(CASE_NAMES)("finds the transitions of the recorded case %s, over several takeovers", async (name) => {
    const { minutes, end, due, exclusions } = readCase(name);
    await configure(database, { slos: [unguarded] });
    for (const [from, until] of exclusions) await exclude(from, until);
    let lease = await lead(database, "engine-0");
    let one = evaluator();
    for (const [index, share] of [0.02, 0.5, 0.501, 0.75, 1].entries()) {
      const until = Math.max(1, Math.floor(end * share));
      await feedMinutes(database, { sloId: unguarded.id, minutes, until });
      // Every second takeover reads its past from packed days, the others from hours.
      if (index % 4 < 2) await packDays({ database, lease, closedUntil: minute(until) });
      await catchUp(one, lease);
      if (index % 2 === 0) continue;
      await database.transaction((tx) => tx`update leases set expires_at = now() - interval '1 second'`);
      lease = await lead(database, `engine-${index}`);
      one = evaluator();
    }
    expect(await seenEpisodes()).toEqual(due);
    const events = await readEvents(database);
    expect(events).toHaveLength(due.length + due.filter((episode) => episode.resolved !== null).length);
    expect(new Set(events.map((event) => event.key)).size).toBe(events.length);
  });

  test("evaluates minute by minute as it does in one go", async () => {
    const { minutes, due } = readCase("blip_2m_100pct_999");
    await configure(database, { slos: [unguarded] });
    const lease = await lead(database);
    const one = evaluator();
    await feedMinutes(database, { sloId: unguarded.id, minutes, until: 4_318 });
    await catchUp(one, lease);
    for (let until = 4_319; until <= 4_330; until += 1) {
      await feedMinutes(database, { sloId: unguarded.id, minutes, until });
      await one.runEvaluateOnce(lease, NOTHING);
    }
    expect(await seenEpisodes()).toEqual(due);
  });
});

describe("two evaluators of one database", () => {
  test("never double or lose a transition, whoever comes first", async () => {
    const { minutes, end, due } = readCase("gap_missing_during_outage_999");
    const slo = sloDefinition({ burnRateAlerts: unguardedPairs() });
    await configure(database, { slos: [slo] });
    const lease = await lead(database);
    const pair = [evaluator(), evaluator()];
    for (let until = 4_200; until <= end; until += 97) {
      await feedMinutes(database, { sloId: slo.id, minutes, until: Math.min(until, end) });
      for (let round = 0; round < 4; round += 1) {
        await Promise.all(pair.map((one) => one.runEvaluateOnce(lease, NOTHING)));
      }
    }
    await feedMinutes(database, { sloId: slo.id, minutes, until: end });
    for (const one of pair) await catchUp(one, lease);
    expect(await seenEpisodes()).toEqual(due);
    expect(await readEvents(database)).toHaveLength(due.length * 2);
  });

  test("one that lost the lease writes nothing, and its successor goes on from there", async () => {
    const { minutes, end, due } = readCase("warmup_outage_from_minute_0_999");
    const slo = sloDefinition({ burnRateAlerts: unguardedPairs() });
    await configure(database, { slos: [slo] });
    const old = await lead(database, "engine-a");
    const first = evaluator();
    await feedMinutes(database, { sloId: slo.id, minutes, until: 1 });
    await catchUp(first, old);
    await database.transaction((tx) => tx`update leases set expires_at = now() - interval '1 second'`);
    const fresh = await lead(database, "engine-b");
    await feedMinutes(database, { sloId: slo.id, minutes, until: end });
    await expect(first.runEvaluateOnce(old, NOTHING)).rejects.toThrow("LEASE_LOST");
    expect((await readAlerts(database)).every((alert) => alert.resolved === null)).toBe(true);
    await catchUp(evaluator(), fresh);
    expect(await seenEpisodes()).toEqual(due);
  });
});

test("a day is packed once it is over, and again when its minutes change", async () => {
  const slo = sloDefinition({ burnRateAlerts: unguardedPairs() });
  await configure(database, { slos: [slo] });
  const lease = await lead(database);
  const minutes = Array.from({ length: 3_000 }, () => [2, 2] as const);
  const packed = async () => {
    await packDays({ database, lease, closedUntil: minute(3_000) });
    const rows = await database.read(
      (db) => db<{ hex: string | null }[]>`select encode(counts, 'hex') as hex from sli_days order by day`,
    );
    return rows.map((row) => row.hex);
  };
  await feedMinutes(database, { sloId: slo.id, minutes, until: 3_000 });
  const [first, second, today] = await packed();
  expect([first === null, today]).toEqual([false, null]);
  expect(second).toBe(first);
  const changed = minutes.map((one, index) => (index === 100 ? ([1, 2] as const) : one));
  await feedMinutes(database, { sloId: slo.id, minutes: changed, until: 60 * 24 });
  await database.transaction((tx) => tx`update rollup_progress set closed_until = ${new Date(at(3_000))}`);
  const [again, same] = await packed();
  expect(again).not.toBe(first);
  expect(same).toBe(second);
  const evaluation = evaluator();
  await catchUp(evaluation, lease);
  const rows = await database.read(
    (db) => db<{ bad: string }[]>`select reading #>> '{budget,bad}' as bad from slo_readings`,
  );
  expect(rows[0]?.bad).toBe("1");
});

test("an evaluation killed in the middle repeats exactly", async () => {
  const { minutes, end, due } = readCase("total_outage_30m_999");
  const slo = sloDefinition({ burnRateAlerts: unguardedPairs() });
  await configure(database, { slos: [slo] });
  const lease = await lead(database);
  const one = evaluator();
  await feedMinutes(database, { sloId: slo.id, minutes, until: 4_300 });
  await catchUp(one, lease);
  await database.transaction(async (tx) => {
    await tx`create function explode() returns trigger language plpgsql as $$ begin raise exception 'killed'; end $$`;
    await tx`create trigger killed before insert on events for each row when (new.dedup_key like '%6h_30m%') execute function explode()`;
  });
  await feedMinutes(database, { sloId: slo.id, minutes, until: end });
  await expect(catchUp(one, lease)).rejects.toThrow("killed");
  expect(await readAlerts(database)).toEqual([]);
  expect(await readEvents(database)).toEqual([]);
  await database.transaction((tx) => tx`drop trigger killed on events`);
  await catchUp(one, lease);
  expect(await seenEpisodes()).toEqual(due);
});

describe("from raw runs", () => {
  const readReading = async (): Promise<{ reading: Reading; through: EpochMinute; version: number }> => {
    const rows = await database.read(
      (db) => db<{ reading: string; through: string; version: number }[]>`
        select reading::text as reading, (extract(epoch from through_minute) / 60)::int8::text as through, version from slo_readings`,
    );
    const row = rows[0];
    if (row === undefined) throw new Error("there is no reading");
    return {
      reading: JSON.parse(row.reading) as Reading,
      through: Number(row.through) as EpochMinute,
      version: row.version,
    };
  };
  const loopAt = (minutes: number, ms = 1) => {
    const clock = createFakeClock(at(minutes, ms));
    return { clock, loop: createSloLoop(database, clock) };
  };
  const settle = async ({ loop }: ReturnType<typeof loopAt>, lease: Lease) => {
    for (let round = 0; round < 20; round += 1) if (!(await loop.runSloOnce(lease)).hasMore) return;
    throw new Error("the loop does not come to an end");
  };

  test("the reading holds exact counts, the budget and every pair", async () => {
    await configure(database);
    const lease = await lead(database);
    await ingestSpan(database, 0, 9, "ok");
    await ingestSpan(database, 9, 10, "timeout");
    await settle(loopAt(10), lease);
    const { reading, through } = await readReading();
    expect(through).toBe(minute(9));
    expect(reading.budget).toMatchObject({
      good: 27,
      bad: 3,
      total: 30,
      expected: 30,
      coverage: 1,
      windowFilling: true,
    });
    expect(reading.budget.attained).toBeCloseTo(0.9, 12);
    expect(reading.budget.remaining).toBeCloseTo(-99, 9);
    expect(reading.budget.projectedConsumed).toBeCloseTo((100 * 10) / 43_200, 9);
    expect(reading.pairs.map((pair) => pair.pairId)).toEqual([
      "page_1h_5m",
      "page_6h_30m",
      "ticket_1d_2h",
      "ticket_3d_6h",
    ]);
    expect(reading.pairs[0]).toMatchObject({ factor: "14.4", holds: true, short: { bad: 3, total: 15, expected: 15 } });
  });

  test("late runs change the reading, and never take back what was said", async () => {
    await configure(database);
    const lease = await lead(database);
    const world2 = loopAt(20, 10_000);
    await ingestSpan(database, 0, 9, "ok");
    await ingestSpan(database, 15, 20, "timeout");
    await settle(world2, lease);
    const before = await readReading();
    const eventsBefore = await readEvents(database);
    expect(eventsBefore.length).toBeGreaterThan(0);
    await ingestSpan(database, 9, 15, "ok");
    await settle(world2, lease);
    const after = await readReading();
    expect(after.through).toBe(before.through);
    expect(after.reading.budget.total - before.reading.budget.total).toBe(18);
    expect((await readEvents(database)).slice(0, eventsBefore.length)).toEqual(eventsBefore);
  });

  test("an outage whose runs all come in late still fires", async () => {
    await configure(database);
    const lease = await lead(database);
    await ingestSpan(database, 0, 60, "ok");
    const { clock, loop } = loopAt(70, 10_000);
    await settle({ clock, loop }, lease);
    expect(await readAlerts(database)).toEqual([]);
    await ingestSpan(database, 60, 70, "connect_timeout");
    await settle({ clock, loop }, lease);
    expect((await readAlerts(database)).map((alert) => alert.pair)).toContain("page_1h_5m");
  });

  test("a new objective keeps alerts and history, and is judged from the next minute on", async () => {
    await configure(database);
    const lease = await lead(database);
    await ingestSpan(database, 0, 10, "timeout");
    const { clock, loop } = loopAt(10);
    await settle({ clock, loop }, lease);
    const firing = await readAlerts(database);
    expect(firing.map((alert) => alert.state)).toEqual(["firing", "firing", "firing", "firing"]);
    await changeSlo(database, sloDefinition({ objective: "99.95" }), at(10));
    await ingestSpan(database, 10, 11, "timeout");
    await clock.advance(60_000);
    await settle({ clock, loop }, lease);
    expect(await readAlerts(database)).toEqual(firing);
    const { reading, version } = await readReading();
    expect(version).toBe(2);
    expect(reading.budget.total).toBe(33);
  });
});
