import { readdirSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import { insertExclusion } from "#db/queries/exclusions.ts";
import { createEvaluator } from "#lib/engine/evaluate.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { packDays } from "#lib/engine/rollup/pack-days.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import {
  at,
  configure,
  feedMinutes,
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
