import { afterEach, expect, test } from "vitest";
import { ServiceResource } from "#lib/contracts/api.ts";
import type { Config } from "#lib/core/definitions.ts";
import { durationMs, MINUTE_MS, SECOND_MS } from "#lib/core/units.ts";
import { loadServices } from "#lib/read/services.ts";
import { sampleConfig, sampleProbe, sampleService, sampleSlo } from "#test/support/sample-config.ts";
import type { PublishWorld } from "./publish-world.ts";
import { publishWorld } from "./publish-world.ts";

const INTERVAL = durationMs(10_000);
const probe = (changes: Parameters<typeof sampleProbe>[0] = {}) =>
  sampleProbe({ intervalMs: INTERVAL, timeoutMs: durationMs(2_000), ...changes });
const config = (changes: Partial<Config> = {}): Config =>
  sampleConfig({ services: [sampleService({ probes: [probe()] })], notifications: [], ...changes });

let world: PublishWorld;
afterEach(() => world.drop());

/** One slot of the shop's probe, and the page after it. */
const slot = async (outcome: "ok" | "bad_status" | "internal_error" = "ok"): Promise<string> => {
  const at = await world.toNextSlot();
  await world.clock.advance(200);
  await world.report({ at, class: outcome });
  await world.publish();
  return (await world.service()).published;
};
const slots = async (count: number, outcome: "ok" | "bad_status" = "ok"): Promise<string[]> => {
  const seen: string[] = [];
  for (let index = 0; index < count; index += 1) seen.push(await slot(outcome));
  return seen;
};

test("the first good run makes a service operational at once, which is no news", async () => {
  world = await publishWorld(config());
  await world.publish();
  expect(await slot()).toBe("operational");
  expect(await world.service()).toMatchObject({ hasData: true, startDate: "2026-11-21", lastKnown: "operational" });
  expect((await world.snapshot()).overall).toBe("operational");
  expect(await world.events()).toEqual([]);
});

test("three bad slots in a row are an outage, three good ones end it, and the page is green when the bad ones are old", async () => {
  world = await publishWorld(config());
  await slots(4);
  expect(await slots(3, "bad_status")).toEqual(["operational", "degraded_performance", "major_outage"]);
  expect(await slots(3)).toEqual(["major_outage", "major_outage", "degraded_performance"]);
  const afterwards = await slots(30);
  expect(afterwards.indexOf("operational")).toBeGreaterThan(20);
  expect(afterwards.at(-1)).toBe("operational");
  const events = await world.events();
  expect(events.map((event) => event.type)).toEqual(Array(4).fill("component.status_changed"));
  const told = events.map((event) => ServiceResource.parse(event.data));
  expect(told.map((one) => one.state)).toEqual([
    "degraded_performance",
    "major_outage",
    "degraded_performance",
    "operational",
  ]);
  expect(told[1]).toMatchObject({
    id: "shop",
    sloIds: ["shop-availability"],
    probes: [{ id: "shop-home", interval: "10s" }],
  });
  const [resource] = await loadServices(world.database, await world.snapshot());
  expect(told.at(-1), "the event carries what the API shows").toEqual(resource);
  const today = (await world.service()).days.at(-1);
  expect(today).toMatchObject({ date: "2026-11-21", worst: "major_outage" });
  expect(today?.seconds.major_outage).toBeGreaterThan(20);
});

test("one bad slot is nothing", async () => {
  world = await publishWorld(config());
  await slots(5);
  expect(await slot("bad_status")).toBe("operational");
  expect(await slots(3)).toEqual(["operational", "operational", "operational"]);
});

test("an SLO whose slices are bad in part is shown with all others", async () => {
  const shares = sampleSlo({
    sli: { kind: "ratio_timeslices", base: { kind: "availability" }, sliceMs: durationMs(MINUTE_MS), noData: "ignore" },
  });
  world = await publishWorld(config({ services: [sampleService({ probes: [probe()], slos: [shares] })] }));
  const budget = {
    good: 1.833333333,
    bad: 0.166666667,
    total: 2,
    attained: 0.916666667,
    coverage: 1,
    remaining: -82.3,
    isMet: false,
  };
  const reading = JSON.stringify({ budget, pairs: [], firing: [] });
  await world.database.transaction(async (tx) => {
    await tx`insert into slo_readings (slo_id, version, through_minute, reading, computed_at)
             values ('shop-availability', 1, '2026-11-21T11:59:00Z', ${reading}::text::jsonb, now())`;
  });
  await slots(2);
  expect((await world.service()).slos[0]).toMatchObject({ good: 1.833333333, total: 2, isMet: false });
});

test("our own faults are no outage: a service without reports is unknown and keeps its last known state", async () => {
  world = await publishWorld(config());
  await slots(35);
  for (let index = 0; index < 30; index += 1) await slot("internal_error");
  expect(await world.service()).toMatchObject({ published: "unknown", measured: "unknown", lastKnown: "operational" });
  expect((await world.events()).map((event) => ServiceResource.parse(event.data).state)).toEqual(["unknown"]);
  expect((await world.service()).why.decidedSlots).toBeLessThan((await world.service()).why.expectedSlots / 2);
});

test("a probe that falls silent makes the service unknown within three minutes", async () => {
  world = await publishWorld(config());
  await slots(35);
  const silentSince = world.seconds();
  while ((await world.service()).published === "operational" && world.seconds() - silentSince < 300) {
    await world.clock.advance(5 * SECOND_MS);
    await world.publish();
  }
  expect((await world.service()).published).toBe("unknown");
  expect(world.seconds() - silentSince).toBeLessThan(180);
});

test("two of two availability SLIs down are a major outage, one of two is a partial one, and latency only degrades", async () => {
  const services = [
    sampleService({
      probes: [probe(), probe({ id: "checkout" })],
      slos: [
        sampleSlo(),
        sampleSlo({ id: "checkout-availability", probes: ["checkout"] }),
        sampleSlo({ id: "speed", sli: { kind: "latency", thresholdMs: durationMs(100) } }),
      ],
    }),
  ];
  world = await publishWorld(config({ services }));
  const both = async (home: "ok" | "timeout", checkout: "ok" | "timeout", durationMs = 20): Promise<string> => {
    for (const [probeId, outcome] of [
      ["shop-home", home],
      ["checkout", checkout],
    ] as const) {
      const at = await world.toNextSlot(probeId);
      await world.report({ at, class: outcome, probeId, durationMs });
    }
    await world.publish();
    return (await world.service()).published;
  };
  for (let index = 0; index < 4; index += 1) expect(await both("ok", "ok")).toBe("operational");
  await both("ok", "timeout");
  await both("ok", "timeout");
  expect(await both("ok", "timeout")).toBe("partial_outage");
  await both("timeout", "timeout");
  await both("timeout", "timeout");
  expect(await both("timeout", "timeout")).toBe("major_outage");
  for (let index = 0; index < 35; index += 1) await both("ok", "ok");
  expect((await world.service()).published).toBe("operational");
  await both("ok", "ok", 500);
  await both("ok", "ok", 500);
  expect(await both("ok", "ok", 500)).toBe("degraded_performance");
});

test("a location that disagrees on five slots in a row is a partial outage with its name", async () => {
  const locations = ["fra", "sel", "iad"].map((id) => ({ id, name: `City ${id}` }));
  const services = [sampleService({ probes: [probe({ locations: ["fra", "sel", "iad"] })] })];
  world = await publishWorld(config({ locations, services }));
  const seen: string[] = [];
  for (let index = 0; index < 6; index += 1) {
    const at = await world.toNextSlot();
    for (const { id } of locations)
      await world.report({ at, locationId: id, class: id === "sel" && index > 0 ? "timeout" : "ok" });
    await world.publish();
    seen.push((await world.service()).published);
  }
  expect(seen).toEqual([...Array(5).fill("operational"), "partial_outage"]);
  expect((await world.service()).why.dissentingLocations).toEqual(["City sel"]);
});

test("after a takeover the time in which nobody watched is unknown, and only a real change is news", async () => {
  world = await publishWorld(config());
  await slots(35);
  await world.clock.advance(2 * MINUTE_MS);
  const next = world.newPublisher();
  const lease = await world.lead("one");
  await world.report({ at: await world.toNextSlot(), class: "ok" });
  await world.publish(next, lease);
  const states = await world.states();
  expect(states.map((state) => state.published)).toEqual(["operational", "unknown", "operational"]);
  const [, gap, after] = states;
  const gapSeconds = (after?.seconds ?? 0) - (gap?.seconds ?? 0);
  expect(gapSeconds).toBeGreaterThan(119);
  expect(gapSeconds).toBeLessThan(135);
  expect(await world.events()).toEqual([]);
  const today = (await world.service()).days.at(-1);
  expect(today?.worst).toBe("operational");
  expect(today?.seconds.unknown).toBeCloseTo(gapSeconds, 3);
});

test("after a takeover that left too few slots to judge the service is unknown until half of them are decided", async () => {
  world = await publishWorld(config());
  await slots(35);
  await world.clock.advance(10 * MINUTE_MS);
  expect(await slot()).toBe("unknown");
  expect((await slots(20)).at(-1)).toBe("operational");
  expect((await world.states()).map((state) => state.published)).toEqual(["operational", "unknown", "operational"]);
});

test("a leader whose lease was taken writes nothing", async () => {
  world = await publishWorld(config());
  await slot();
  const before = await world.snapshot();
  await world.lead("one");
  await world.report({ at: await world.toNextSlot(), class: "ok" });
  await expect(world.publish()).rejects.toMatchObject({ code: "LEASE_LOST" });
  expect(await world.snapshot()).toEqual(before);
});

test("runs that arrive late, twice or in another order, and restarts at any time, change no state", async () => {
  const outcomes = [
    "ok",
    "ok",
    "bad_status",
    "bad_status",
    "bad_status",
    "ok",
    "ok",
    "ok",
    "ok",
    "bad_status",
  ] as const;
  const play = async (restarts: boolean): Promise<string[]> => {
    world = await publishWorld(config());
    let publisher = world.publisher;
    const seen: string[] = [];
    for (const outcome of outcomes) {
      const at = await world.toNextSlot();
      await world.clock.advance(200);
      await world.report({ at, class: outcome });
      if (restarts) {
        await world.report({ at, class: "bad_status" });
        publisher = world.newPublisher();
      }
      await world.publish(publisher);
      seen.push((await world.service()).published);
    }
    return seen;
  };
  const steady = await play(false);
  await world.drop();
  expect(await play(true)).toEqual(steady);
});
