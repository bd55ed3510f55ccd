import { afterEach, expect, test } from "vitest";
import { storeRuns } from "#lib/commands/agents/store-runs.ts";
import type { OutcomeClass } from "#lib/core/outcome.ts";
import { nextSlotAt } from "#lib/core/schedule.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, durationMs, MINUTE_MS, SECOND_MS } from "#lib/core/units.ts";
import { runRollupOnce } from "#lib/engine/rollup.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { sampleConfig, sampleProbe, sampleService, sampleSlo } from "#test/support/sample-config.ts";
import { sampleRun } from "#test/support/sample-run.ts";
import type { PublishWorld } from "./publish-world.ts";
import { publishWorld, START } from "./publish-world.ts";

const INTERVAL = durationMs(10_000);
const references = [
  { id: "site", url: "https://example.com/", intervalMs: INTERVAL, timeoutMs: durationMs(3_000) },
] as const;
const configOf = (locationIds: readonly string[], probeIds: readonly string[], withReferences: readonly string[]) =>
  sampleConfig({
    notifications: [],
    locations: locationIds.map((id) => ({
      id,
      name: `City ${id}`,
      ...(withReferences.includes(id) ? { referenceChecks: references } : {}),
    })),
    services: [
      sampleService({
        probes: probeIds.map((id) => sampleProbe({ id, intervalMs: INTERVAL, locations: [...locationIds] })),
        slos: [sampleSlo({ probes: [...probeIds] })],
      }),
    ],
  });

let world: PublishWorld;
afterEach(() => world.drop());

const reference = (at: EpochMs, name: OutcomeClass, locationId = "fra") =>
  storeRuns(world.database, {
    runs: [sampleRun({ probeId: "reference/site", locationId, scheduledAt: at, outcome: { class: name } })],
    now: world.clock.now(),
  });
const spans = () =>
  world.database.read(
    (sql) =>
      sql<{ cause: string; location: string; since: number; until: number | null }[]>`
      select cause, l.id as location, extract(epoch from began_at - ${new Date(START)}::timestamptz)::float8 as since,
             extract(epoch from ended_at - ${new Date(START)}::timestamptz)::float8 as until
        from blind_spans b join locations l on l.no = b.location_no order by began_at`,
  );
const proberEvents = async () =>
  (await world.events())
    .filter(({ type }) => type.startsWith("prober."))
    .map(({ type, data }) => ({ type, ...(data as { locationId: string; cause: string; state: string }) }))
    .map(({ type, locationId, cause, state }) => `${type} ${locationId} ${cause} ${state}`);
const slotTotals = () =>
  world.database.read(async (sql) => {
    const [row] = await sql<{ good: number; total: number; expected: number }[]>`
      select sum((coalesce(good, total))[i])::int as good, sum(total[i])::int as total,
             sum((coalesce(expected, total))[i])::int as expected
        from sli_hours, generate_series(1, 60) i`;
    return row;
  });
const rollup = () =>
  runRollupOnce({ database: world.database, lease: world.lease, now: world.clock.now(), log: silentLogger });

/** One slot of every probe from every location, then a look at it. */
const slot = async (results: Record<string, OutcomeClass>, probeIds: readonly string[] = ["shop-home"]) => {
  const start = world.clock.now();
  const due = probeIds
    .map((probeId) => ({ probeId, at: nextSlotAt(probeId, INTERVAL, addMs(start, 1)) }))
    .sort((a, b) => a.at - b.at);
  for (const { probeId, at } of due) {
    await world.clock.advance(at - world.clock.now());
    for (const [locationId, name] of Object.entries(results))
      await world.report({ at, class: name, probeId, locationId });
  }
  await world.publish();
  return due.at(-1)?.at as EpochMs;
};

test("with one location and no reference check everything failing is an outage", async () => {
  world = await publishWorld(configOf(["fra"], ["shop-home"], []));
  for (let i = 0; i < 4; i += 1) await slot({ fra: "ok" });
  for (let i = 0; i < 3; i += 1) await slot({ fra: "connect_timeout" });
  expect((await world.service()).published).toBe("major_outage");
  expect(await spans()).toEqual([]);
});

test("with a reference check that fails too it is no outage: the votes do not count, on-call is told once, and told of the end", async () => {
  world = await publishWorld(configOf(["fra"], ["shop-home"], ["fra"]));
  for (let i = 0; i < 6; i += 1) {
    await reference(world.clock.now(), "ok");
    await slot({ fra: "ok" });
  }
  for (let i = 0; i < 4; i += 1) {
    await reference(world.clock.now(), "dns_error");
    await slot({ fra: "dns_error" });
    expect((await world.service()).published).toBe("operational");
    expect((await world.service()).why.locationsWithoutData).toEqual(["City fra"]);
  }
  expect(await proberEvents()).toEqual(["prober.blind fra reference blind"]);
  for (let i = 0; i < 3; i += 1) {
    await reference(world.clock.now(), "ok");
    await slot({ fra: "ok" });
  }
  expect(await proberEvents()).toEqual([
    "prober.blind fra reference blind",
    "prober.recovered fra reference recovered",
  ]);
  expect((await world.service()).why.locationsWithoutData).toEqual([]);
  const [span, ...rest] = await spans();
  expect([span?.cause, span?.until === null, rest.length]).toEqual(["reference", false, 0]);
});

test("reference runs that come in late take the votes of closed minutes back, and nothing else", async () => {
  world = await publishWorld(configOf(["fra"], ["shop-home"], ["fra"]));
  const bad: EpochMs[] = [];
  for (let i = 0; i < 24; i += 1) {
    const isBad = i >= 6 && i < 12;
    // The check runs a little before each slot.
    const at = addMs(await slot({ fra: isBad ? "timeout" : "ok" }), -SECOND_MS);
    if (isBad) bad.push(at);
    else await reference(at, "ok");
  }
  await world.clock.advance(MINUTE_MS);
  await rollup();
  const before = await slotTotals();
  expect(before).toMatchObject({ good: 18, total: 24 });
  // The location was cut off: what its own checks saw meanwhile arrives now.
  for (const at of bad) await reference(at, "timeout");
  await world.publish();
  await rollup();
  expect(await slotTotals()).toMatchObject({ good: before?.good, total: 18, expected: before?.expected });
  const [span] = await spans();
  expect(span?.since).toBe(((bad[0] as number) - START) / SECOND_MS);
  expect(span?.until).toBe(((bad.at(-1) as number) - START) / SECOND_MS + 10);
  // Rolling everything up once more changes nothing.
  await world.database.transaction(
    (tx) =>
      tx`insert into dirty_minutes (minute, location_no) select distinct minute, location_no from buckets on conflict do nothing`,
  );
  await rollup();
  expect(await slotTotals()).toMatchObject({ good: before?.good, total: 18, expected: before?.expected });
  // Over before it was known: nobody is woken for it.
  expect(await proberEvents()).toEqual([]);
});

test("a location that disagrees with two others on most probes is blind, the page stays as it was, and it recovers", async () => {
  const probes = ["shop-home", "shop-cart", "shop-pay"];
  world = await publishWorld(configOf(["fra", "nyc", "sel"], probes, []));
  const good = { fra: "ok", nyc: "ok", sel: "ok" } as const;
  for (let i = 0; i < 4; i += 1) await slot(good, probes);
  for (let i = 0; i < 5; i += 1) {
    await slot({ ...good, nyc: "connect_timeout" }, probes);
    expect((await world.service()).published).toBe("operational");
  }
  expect(await proberEvents()).toEqual(["prober.blind nyc dissent blind"]);
  expect((await world.service()).why).toMatchObject({ dissentingLocations: [], locationsWithoutData: ["City nyc"] });
  for (let i = 0; i < 3; i += 1) await slot(good, probes);
  expect(await proberEvents()).toEqual(["prober.blind nyc dissent blind", "prober.recovered nyc dissent recovered"]);
  expect((await world.service()).why.locationsWithoutData).toEqual([]);
});

test("a location that disagrees on half of its probes or fewer still counts, and is named on the fifth slot", async () => {
  const probes = ["shop-home", "shop-cart"];
  world = await publishWorld(configOf(["fra", "nyc", "sel"], probes, []));
  for (let i = 0; i < 5; i += 1) {
    await slot({ fra: "ok", nyc: "bad_status", sel: "ok" }, ["shop-home"]);
    await slot({ fra: "ok", nyc: "ok", sel: "ok" }, ["shop-cart"]);
  }
  expect(await spans()).toEqual([]);
  expect((await world.service()).why.dissentingLocations).toEqual(["City nyc"]);
});

test("a real outage blinds nobody", async () => {
  world = await publishWorld(configOf(["fra", "nyc", "sel"], ["shop-home"], ["fra"]));
  for (let i = 0; i < 4; i += 1) {
    await reference(world.clock.now(), "ok");
    await slot({ fra: "bad_status", nyc: "bad_status", sel: "bad_status" });
  }
  expect(await spans()).toEqual([]);
  expect((await world.service()).published).toBe("major_outage");
});

test("a location whose runs stop coming is named", async () => {
  world = await publishWorld(configOf(["fra", "nyc", "sel"], ["shop-home"], []));
  for (let i = 0; i < 3; i += 1) await slot({ fra: "ok", nyc: "ok", sel: "ok" });
  for (let i = 0; i < 5; i += 1) await slot({ fra: "ok", sel: "ok" });
  expect((await world.service()).why.locationsWithoutData).toEqual(["City nyc"]);
  expect((await world.service()).published).toBe("operational");
});
