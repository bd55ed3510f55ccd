import { afterEach, expect, test } from "vitest";
import type { Config, HeartbeatProbeDefinition } from "#lib/core/definitions.ts";
import { addMs, durationMs, HOUR_MS, SECOND_MS } from "#lib/core/units.ts";
import { sampleConfig, sampleProbe, sampleService, sampleSlo } from "#test/support/sample-config.ts";
import type { PublishWorld } from "./publish-world.ts";
import { publishWorld } from "./publish-world.ts";

const INTERVAL = durationMs(10_000);
const probe = (changes: Parameters<typeof sampleProbe>[0] = {}) =>
  sampleProbe({ intervalMs: INTERVAL, timeoutMs: durationMs(2_000), ...changes });
const config = (probes: ReturnType<typeof probe>[], changes: Partial<Config> = {}): Config =>
  sampleConfig({
    services: [sampleService({ probes, slos: probes.map(({ id }) => sampleSlo({ id: `${id}-slo`, probes: [id] })) })],
    notifications: [],
    ...changes,
  });

let world: PublishWorld;
afterEach(() => world.drop());

/** Lets time pass second by second, as the engine's loop does, and gives the age of the page's data in seconds each time. */
const ages = async (seconds: number): Promise<number[]> => {
  const seen: number[] = [];
  for (let second = 1; second <= seconds; second += 1) {
    await world.clock.advance(SECOND_MS);
    await world.publish();
    seen.push(Math.round((world.clock.now() - Date.parse((await world.snapshot()).dataAsOf)) / SECOND_MS));
  }
  return seen;
};
/** Runs a probe at its next slots from these locations; returns the last slot. */
const slots = async (count: number, locations: readonly string[] = ["fra"]) => {
  let at = world.clock.now();
  for (let index = 0; index < count; index += 1) {
    at = await world.toNextSlot();
    for (const locationId of locations) await world.report({ at, class: "ok", locationId });
    await world.publish();
  }
  return at;
};

test("when runs stop, the data grows old from the first slot that is missing, and is new again with the next run", async () => {
  world = await publishWorld(config([probe()]));
  const last = await slots(4);
  const seen = await ages(60);
  // A snapshot may be 4 s old before the next one is due.
  expect(Math.max(...seen.slice(0, 15))).toBeLessThanOrEqual(4);
  expect(seen.findIndex((age) => age > 15)).toBeLessThanOrEqual(26);
  expect((await world.snapshot()).dataAsOf).toBe(new Date(addMs(last, INTERVAL)).toISOString());
  await slots(1);
  expect((await world.snapshot()).dataAsOf).toBe(new Date(world.clock.now()).toISOString());
});

test("a new leader does not make the data younger, not even when the last runs are long gone", async () => {
  world = await publishWorld(config([probe()]));
  const last = await slots(2);
  await ages(30);
  await world.clock.advance(HOUR_MS);
  await world.publish(world.newPublisher());
  expect((await world.snapshot()).dataAsOf).toBe(new Date(addMs(last, INTERVAL)).toISOString());
});

test("heartbeats, whose runs the engine makes itself, do not hide that nobody probes", async () => {
  const common = probe();
  const beat: HeartbeatProbeDefinition = {
    id: "backup",
    type: "heartbeat",
    intervalMs: common.intervalMs,
    timeoutMs: common.timeoutMs,
    locations: common.locations,
    schedule: { kind: "interval", everyMs: common.intervalMs },
    graceMs: durationMs(5_000),
    token: "0123456789abcdef",
  };
  const services = [sampleService({ probes: [probe(), beat], slos: [] })];
  world = await publishWorld(sampleConfig({ services, notifications: [] }));
  const last = await slots(3);
  for (let index = 0; index < 6; index += 1) {
    const at = await world.toNextSlot("backup");
    await world.report({ at, class: "ok", probeId: "backup" });
    await world.publish();
  }
  expect((await world.snapshot()).dataAsOf).toBe(new Date(addMs(last, INTERVAL)).toISOString());
});

test("one location of two that is cut off leaves the data as new as it is", async () => {
  const locations = ["fra", "sel"].map((id) => ({ id, name: id }));
  world = await publishWorld(config([probe({ locations: ["fra", "sel"] })], { locations }));
  await slots(3, ["fra", "sel"]);
  await slots(12, ["sel"]);
  expect(Math.max(...(await ages(9)))).toBeLessThanOrEqual(4);
});

test("an hourly probe between its slots, and one that never ran, leave the data new", async () => {
  const hourly = probe({ id: "hourly", intervalMs: durationMs(HOUR_MS) });
  world = await publishWorld(config([hourly, probe({ id: "never" })]));
  const at = await world.toNextSlot("hourly", durationMs(HOUR_MS));
  await world.report({ at, class: "ok", probeId: "hourly" });
  await world.publish();
  await world.clock.advance(HOUR_MS / 2);
  expect(Math.max(...(await ages(10)))).toBeLessThanOrEqual(4);
});

test("without any run yet the data is as of now", async () => {
  world = await publishWorld(config([probe()]));
  expect(Math.max(...(await ages(40)))).toBeLessThanOrEqual(4);
});
