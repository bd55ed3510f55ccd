import { afterEach, beforeEach, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import { readSlos } from "#db/queries/config.ts";
import type { ExclusionScope } from "#db/queries/exclusions.ts";
import { approveExclusion, insertExclusion, readExclusions, revokeExclusion } from "#db/queries/exclusions.ts";
import type { ExclusionKind } from "#lib/core/slo/exclusions.ts";
import { exclusionsAsOf } from "#lib/core/slo/exclusions.ts";
import type { StoredReading } from "#lib/engine/evaluate/slo-track.ts";
import { createEvaluator } from "#lib/engine/evaluate.ts";
import type { Lease } from "#lib/engine/lease.ts";
import type { Difference } from "#lib/engine/verify/difference.ts";
import { verifyAlerts } from "#lib/engine/verify/verify-alerts.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import {
  at,
  configure,
  feedMinutes,
  lead,
  readAlerts,
  readEvents,
  sloDefinition,
  unguardedPairs,
} from "./slo-world.ts";

let world: TestDatabase;
let database: Database;
let lease: Lease;

const ONE = sloDefinition({ id: "one", burnRateAlerts: unguardedPairs() });
const OTHER = sloDefinition({ id: "other", burnRateAlerts: unguardedPairs() });

beforeEach(async () => {
  world = await testDatabase();
  database = world.database;
  await configure(database, { slos: [ONE, OTHER] });
  lease = await lead(database);
});
afterEach(() => world.drop());

/** Ten hours of one slot a minute, the minutes 500 to 540 all bad. */
const MINUTES = Array.from({ length: 600 }, (_, index) => [index >= 500 && index < 540 ? 0 : 1, 1] as const);

const feed = async (until: number) => {
  for (const { id } of [ONE, OTHER]) await feedMinutes(database, { sloId: id, minutes: MINUTES, until });
};
const evaluator = () => createEvaluator({ database, clock: createFakeClock(at(0)), log: silentLogger });
type Evaluator = ReturnType<typeof evaluator>;

const settle = async (one: Evaluator) => {
  for (let round = 0; round < 10; round += 1) if (!(await one.runEvaluateOnce(lease, { rerolled: [] })).hasMore) return;
  throw new Error("the evaluator does not come to an end");
};

/** Readings as they are stored, byte for byte, and which write they are of. */
const readStored = async (sloId: string) => {
  const rows = await database.read(
    (db) =>
      db<{ text: string; write: string }[]>`
        select reading::text as text, xmin::text as write from slo_readings where slo_id = ${sloId}`,
  );
  const row = rows[0];
  if (row === undefined) throw new Error("there is no reading");
  return { ...row, reading: JSON.parse(row.text) as StoredReading };
};

const exclude = (
  from: number,
  until: number,
  args: { id?: string; kind?: ExclusionKind; scope?: ExclusionScope } = {},
) => {
  const { id = "exc_1", kind = "announced", scope = { sloId: "one" } } = args;
  const span = { startsAt: at(from), endsAt: at(until) };
  const said = { reason: "the data centre moved", author: "ada@example.org", createdAt: at(0) };
  return database.transaction((tx) => insertExclusion(tx, { id, scope, kind, ...span, ...said }));
};
const revoke = (id = "exc_1") =>
  database.transaction((tx) => revokeExclusion(tx, { id, revokedBy: "bob@example.org", now: at(700) }));
const approve = (approvedBy: string, id = "exc_1") =>
  database.transaction((tx) => approveExclusion(tx, { id, approvedBy, now: at(700) }));

test("an exclusion changes the readings it is about and no other, and keeps what was measured beside them", async () => {
  await feed(600);
  const one = evaluator();
  await settle(one);
  const [before, other] = [await readStored("one"), await readStored("other")];
  expect(before.reading.raw).toBeNull();
  await exclude(500, 530);
  await settle(one);
  const after = await readStored("one");
  expect(after.reading.budget).toMatchObject({ bad: 10, total: 570 });
  expect(after.reading.raw).toEqual(before.reading.budget);
  expect(await readStored("other")).toEqual(other);
});

test("revoking restores the earlier reading byte for byte, here and after a takeover", async () => {
  await feed(600);
  const one = evaluator();
  await settle(one);
  const before = await readStored("one");
  await exclude(510, 560);
  await settle(one);
  expect((await readStored("one")).text).not.toBe(before.text);
  await revoke();
  await settle(one);
  expect((await readStored("one")).text).toBe(before.text);
  await exclude(510, 560, { id: "exc_2" });
  await settle(one);
  const excluded = await readStored("one");
  await feed(599);
  await database.transaction((tx) => tx`delete from slo_readings`);
  await settle(evaluator());
  await feed(600);
  await settle(evaluator());
  expect((await readStored("one")).text).toBe(excluded.text);
});

test("an alert that holds on what was measured but not with an exclusion resolves as excluded", async () => {
  await feed(520);
  const one = evaluator();
  await settle(one);
  const firing = (await readAlerts(database)).filter((alert) => alert.state === "firing");
  expect(firing.length).toBeGreaterThan(4);
  await exclude(500, 540);
  await settle(one);
  const alerts = await readAlerts(database);
  expect(alerts.filter((alert) => alert.reason === "excluded")).toHaveLength(firing.length / 2);
  expect(alerts.filter((alert) => alert.state === "firing")).toHaveLength(firing.length / 2);
  const resolved = (await readEvents(database)).filter((event) => event.type === "alert.resolved");
  expect(resolved).toHaveLength(firing.length / 2);
  await revoke();
  await settle(one);
  const again = (await readAlerts(database)).filter((alert) => alert.state === "firing");
  expect(again.filter((alert) => alert.number === 2)).toHaveLength(firing.length / 2);
});

test("verify judges every minute by the exclusions that were known then, also when several came within one minute", async () => {
  await feed(520);
  const one = evaluator();
  await settle(one);
  const said = { reason: "a faulty cable", author: "ada@example.org", kind: "false_positive" as const };
  const span = { startsAt: at(500), endsAt: at(540) };
  const row = { id: "exc_1", scope: { sloId: "one" }, ...said, ...span, createdAt: at(520, 20_000) };
  await database.transaction((tx) => insertExclusion(tx, row));
  await settle(one);
  await database.transaction((tx) => revokeExclusion(tx, { id: "exc_1", revokedBy: "bob", now: at(520, 40_000) }));
  await settle(one);
  await feed(600);
  await settle(one);
  await database.transaction((tx) => insertExclusion(tx, { ...row, id: "exc_2", createdAt: at(600, 5_000) }));
  await settle(one);
  const slo = (await database.read(readSlos)).find(({ id }) => id === "one");
  if (slo === undefined) throw new Error("there is no SLO");
  const differences: Difference[] = [];
  const compared = await verifyAlerts(database, { slo, from: null, report: (found) => void differences.push(found) });
  expect(differences).toEqual([]);
  expect(compared?.alerts).toBeGreaterThan(8);
});

test("an end that was measured too is a recovery, exclusion or not", async () => {
  await feed(520);
  const one = evaluator();
  await settle(one);
  await exclude(100, 110);
  await feed(600);
  await settle(one);
  const pages = (await readAlerts(database)).filter((alert) => alert.pair === "page_1h_5m");
  expect(pages.map((alert) => alert.reason)).toEqual(["recovered", "recovered"]);
});

test("a retroactive exclusion counts once a second person approved it, and never for its author", async () => {
  await feed(600);
  const one = evaluator();
  await settle(one);
  const before = await readStored("one");
  await exclude(500, 540, { kind: "retroactive" });
  await settle(one);
  expect((await readStored("one")).text).toBe(before.text);
  expect(await approve("ada@example.org")).toBe(false);
  expect(await approve("bob@example.org")).toBe(true);
  expect(await approve("cyd@example.org")).toBe(false);
  await settle(one);
  expect((await readStored("one")).reading.budget).toMatchObject({ bad: 0, total: 560 });
});

test("emergency work counts, announced work is left out, and a fault of a probe is left out everywhere it is counted", async () => {
  await feed(600);
  const one = evaluator();
  await exclude(500, 520, { kind: "emergency" });
  await exclude(520, 530, { id: "exc_2", scope: { serviceId: "shop" } });
  await exclude(530, 535, { id: "exc_3", kind: "probe_fault", scope: { probeId: "home" } });
  await settle(one);
  for (const id of ["one", "other"]) {
    expect((await readStored(id)).reading.budget).toMatchObject({ bad: 25, total: 585 });
  }
});

test("minutes to come are excluded as they come, and an exclusion that changes nothing yet writes nothing", async () => {
  await feed(490);
  const one = evaluator();
  await settle(one);
  const before = await readStored("one");
  await exclude(495, 545);
  await settle(one);
  expect(await readStored("one")).toEqual(before);
  for (let until = 491; until <= 560; until += 1) {
    await feed(until);
    await settle(one);
  }
  const { reading } = await readStored("one");
  expect(reading.budget).toMatchObject({ bad: 0, total: 510 });
  expect(reading.raw).toMatchObject({ bad: 40, total: 560 });
  expect((await readAlerts(database)).length).toBeGreaterThan(0);
});

test("what was known at an instant stays known, and a row is never rewritten or removed", async () => {
  await exclude(500, 540);
  await revoke();
  const all = await database.read((db) => readExclusions(db, { endedAfter: at(0), withRevoked: true }));
  expect(exclusionsAsOf(all, at(100)).map((row) => row.id)).toEqual(["exc_1"]);
  expect(exclusionsAsOf(all, at(800))).toEqual([]);
  expect(await database.read((db) => readExclusions(db, { endedAfter: at(0) }))).toEqual([]);
  expect(await revoke()).toBe(false);
  await expect(database.transaction((tx) => tx`delete from exclusions`)).rejects.toThrow("never deleted");
  await expect(database.transaction((tx) => tx`update exclusions set reason = 'other'`)).rejects.toThrow(
    "only be approved or revoked",
  );
});
