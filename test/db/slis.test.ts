import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import { upsertPromqlProgress } from "#db/queries/promql.ts";
import type { SliHour } from "#db/queries/sli-hours.ts";
import { readSliHours, storeSliMinutes } from "#db/queries/sli-hours.ts";
import type { SloDefinition } from "#lib/core/definitions.ts";
import type { OutcomeClass } from "#lib/core/outcome.ts";
import { durationMs, durationUs, MINUTE_MS } from "#lib/core/units.ts";
import type { StoredReading } from "#lib/engine/evaluate/slo-track.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { assertLease } from "#lib/engine/lease.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import {
  at,
  changeSlo,
  configure,
  createSloLoop,
  ingest,
  ingestSpan,
  lead,
  minute,
  probeDefinition,
  run,
  sloDefinition,
  slots,
} from "./slo-world.ts";

let world: TestDatabase;
let database: Database;
let lease: Lease;

beforeEach(async () => {
  world = await testDatabase();
  database = world.database;
});
afterEach(() => world.drop());

const HOME = probeDefinition({ locations: ["fra", "nyc", "sgp"] });
const CART = probeDefinition({ id: "cart" });

/** Closes ten minutes and evaluates them. */
const settle = async (minutes = 10) => {
  lease = lease ?? (await lead(database));
  const loop = createSloLoop(database, createFakeClock(at(minutes, 11_000)));
  for (let round = 0; round < 20; round += 1) if (!(await loop.runSloOnce(lease)).hasMore) return;
  throw new Error("the loop does not come to an end");
};

const start = async (slos: SloDefinition[], probes = [HOME]) => {
  await configure(database, { locations: ["fra", "nyc", "sgp"], probes, slos });
  lease = await lead(database);
};

const hoursOf = (sloId: string, version = 1): Promise<SliHour[]> =>
  database.read((db) => readSliHours(db, [{ sloId, version, fromAt: at(0), toAt: at(0) }]));

/** [good, total, expected] of one minute of an SLO. */
const countsOf = async (sloId: string, index: number, version = 1) => {
  const hour = (await hoursOf(sloId, version))[0];
  return [hour?.good[index], hour?.total[index], hour?.expected[index]];
};

const readingOf = async (sloId: string): Promise<StoredReading> => {
  const rows = await database.read(
    (db) => db<{ text: string }[]>`select reading::text as text from slo_readings where slo_id = ${sloId}`,
  );
  return JSON.parse(rows[0]?.text ?? "null") as StoredReading;
};

/** All runs of ten minutes; `classAt` says how each went. */
const ingestAll = async (
  probe: typeof HOME,
  classAt: (slot: number, locationId: string) => OutcomeClass,
  ms = 50,
): Promise<void> => {
  const runs = probe.locations.flatMap((locationId) =>
    slots(probe, 0, 10).map((slot, index) =>
      run(slot, classAt(index, locationId), { probeId: probe.id, locationId, ms }),
    ),
  );
  await ingest(database, runs, at(10));
};

describe("what an SLO counts", () => {
  test("slots of all locations, runs of all locations, or what chosen locations say", async () => {
    const of = (id: string, more: Partial<SloDefinition>) => sloDefinition({ id, probes: ["home"], ...more });
    await start([
      of("all", {}),
      of("runs", { count: "runs" }),
      of("one", { locations: ["nyc"] }),
      of("one-runs", { locations: ["nyc", "sgp"], count: "runs" }),
    ]);
    await ingestAll(HOME, (_, locationId) => (locationId === "nyc" ? "timeout" : "ok"));
    await settle();
    expect(await countsOf("all", 3)).toEqual([3, 3, 3]);
    expect(await countsOf("runs", 3)).toEqual([6, 9, 9]);
    expect(await countsOf("one", 3)).toEqual([0, 3, 3]);
    expect(await countsOf("one-runs", 3)).toEqual([3, 6, 6]);
  });

  test("a latency SLI counts answered slots by its own threshold, to the microsecond", async () => {
    const latency = (id: string, thresholdMs: number) =>
      sloDefinition({ id, sli: { kind: "latency", thresholdMs: durationMs(thresholdMs) } });
    await start([latency("fast", 200), latency("slow", 200.001)], [probeDefinition()]);
    const all = slots(probeDefinition(), 0, 10).map((slot, index) => {
      const one = run(slot, index % 3 === 0 ? "timeout" : "ok");
      return { ...one, outcome: { ...one.outcome, durationUs: durationUs(200_001) } };
    });
    await ingest(database, all, at(10));
    await settle();
    expect((await countsOf("fast", 3)).slice(0, 2)).toEqual([0, 2]);
    expect((await countsOf("slow", 3)).slice(0, 2)).toEqual([2, 2]);
  });

  test("several probes as a sum, by weight, or as minutes in which any was bad", async () => {
    const of = (id: string, combine: SloDefinition["combine"]) =>
      sloDefinition({ id, probes: ["home", "cart"], ...(combine === undefined ? {} : { combine }) });
    const home = probeDefinition();
    await start(
      [
        of("sum", undefined),
        of("weighted", { kind: "weighted", weights: { cart: 5 } }),
        of("any", { kind: "any_bad" }),
      ],
      [home, CART],
    );
    await ingestAll(home, () => "ok");
    await ingestAll(CART, (index) => (index === 10 ? "timeout" : "ok"));
    await settle();
    const bad = Math.floor((slots(CART, 0, 10)[10] ?? 0) / MINUTE_MS) - minute(0);
    expect(await countsOf("sum", bad)).toEqual([5, 6, 6]);
    expect(await countsOf("weighted", bad)).toEqual([13, 18, 18]);
    expect(await countsOf("any", bad)).toEqual([0, 1, 1]);
    expect(await countsOf("any", bad + 1)).toEqual([1, 1, 1]);
  });

  test("an entry of a health document has slots of its own; a run that could not read it says nothing", async () => {
    await start([sloDefinition({ id: "disk", sli: { kind: "component", part: "disk" } })], [probeDefinition()]);
    const all = slots(probeDefinition(), 0, 10).map((slot, index) => {
      const part = {
        key: "disk",
        name: "Disk",
        class: index % 3 === 1 ? ("body_mismatch" as const) : ("ok" as const),
        detail: null,
        durationUs: durationUs(1_000),
        httpStatus: null,
        failures: [],
      };
      return run(slot, "ok", { parts: index % 3 === 2 ? [] : [part] });
    });
    await ingest(database, all, at(10));
    await settle();
    expect(await countsOf("disk", 3)).toEqual([1, 2, 3]);
  });

  test("slices are judged from the same minutes, and the budget counts slices", async () => {
    const base = { kind: "availability" } as const;
    const sliceMs = durationMs(5 * MINUTE_MS);
    await start(
      [
        sloDefinition({ id: "slices", sli: { kind: "timeslice", base, sliceMs, target: "95", noData: "ignore" } }),
        sloDefinition({ id: "shares", sli: { kind: "ratio_timeslices", base, sliceMs, noData: "ignore" } }),
      ],
      [probeDefinition()],
    );
    await ingestSpan(database, 0, 9, "ok");
    await ingestSpan(database, 9, 10, "timeout");
    await settle();
    expect((await readingOf("slices")).budget).toMatchObject({ bad: 1, total: 2, good: 1, attained: 0.5 });
    const shares = (await readingOf("shares")).budget;
    expect(shares).toMatchObject({ total: 2, bad: 0.2 });
    expect(shares.consumed).toBeCloseTo(0.1 / 0.001, 9);
  });
});

test("a new choice of locations counts the past anew, a new objective and new slices take it over", async () => {
  const slo = sloDefinition({ id: "all", probes: ["home"] });
  await start([slo]);
  await ingestAll(HOME, (_, locationId) => (locationId === "nyc" ? "timeout" : "ok"));
  await settle();
  await changeSlo(database, { ...slo, locations: ["nyc"] }, at(10));
  await settle();
  expect(await countsOf("all", 3, 2)).toEqual([0, 3, 3]);
  const sliced = {
    kind: "timeslice",
    base: slo.sli as { kind: "availability" },
    sliceMs: durationMs(MINUTE_MS),
    target: "99",
    noData: "bad",
  } as const;
  await changeSlo(database, { ...slo, sli: sliced, locations: ["nyc"], objective: "95" }, at(10));
  await database.transaction((tx) => tx`delete from runs`);
  await settle();
  expect(await countsOf("all", 3, 3)).toEqual([0, 3, 3]);
});

test("minutes from elsewhere are stored beside those of runs, and the rollup leaves them alone", async () => {
  const source = { url: "http://prometheus.example", headers: {}, auth: null } as never;
  const traffic = sloDefinition({
    id: "traffic",
    probes: [],
    sli: { kind: "promql", source, good: "good", total: "total" },
  });
  await start([traffic, sloDefinition()], [probeDefinition()]);
  const key = { sloId: "traffic", version: 1 };
  const store = (index: number, good: number, total: number) =>
    database.transaction(async (tx) => {
      await assertLease(tx, lease);
      await storeSliMinutes(tx, key, [{ minute: minute(index), good, total, expected: 0 }]);
    });
  await store(2, 7, 9);
  await store(3, 2_000_000_000, 2_000_000_001);
  // An SLO of another system is judged as far as that was asked.
  const polled = { from: minute(-60 * 24 * 40), until: minute(10) };
  await database.transaction((tx) =>
    upsertPromqlProgress(tx, { ...key, polled, state: "ok", since: at(0), lastError: null }),
  );
  await ingestSpan(database, 0, 10, "ok");
  await settle();
  expect(await countsOf("traffic", 2)).toEqual([7, 9, 0]);
  expect((await readingOf("traffic")).budget).toMatchObject({ bad: 3, total: 2_000_000_010 });
  await expect(store(4, 2, 1)).rejects.toThrow(RangeError);
});
