import { randomBytes } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { openIncidentIn } from "#lib/commands/incidents/open-incident.ts";
import { resolveIncidentIn } from "#lib/commands/incidents/resolve-incident.ts";
import { Snapshot } from "#lib/contracts/snapshot.ts";
import type { Config } from "#lib/core/definitions.ts";
import { DAY_MS, durationMs, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";
import { sampleConfig, sampleProbe, sampleService } from "#test/support/sample-config.ts";
import { firingReading } from "#test/support/sample-slos.ts";
import type { PublishWorld } from "./publish-world.ts";
import { publishWorld, START } from "./publish-world.ts";

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

test("before the first run a service is unknown and has no data, and the snapshot is valid", async () => {
  world = await publishWorld(config());
  const published = await world.publish();
  expect(published?.version).toBe(1);
  const snapshot = Snapshot.parse(await world.snapshot());
  expect(snapshot).toEqual(published);
  expect(snapshot).toMatchObject({ overall: "unknown", dataAsOf: new Date(START).toISOString(), isDemo: false });
  expect(await world.service()).toMatchObject({ published: "unknown", hasData: false, startDate: null, position: 1 });
  expect((await world.service()).days).toHaveLength(90);
  expect(await world.states()).toEqual([]);
  expect(await world.events()).toEqual([]);
});

test("an incident shows within the next look and its end does too; the measured state stays visible behind it", async () => {
  world = await publishWorld(config());
  await slots(4);
  const author = { actor: "test", now: world.clock.now(), randomBytes };
  const incidentOfShop = {
    affected: { shop: null },
    impact: "major",
    message: "We look into it.",
    name: null,
  } as const;
  const opened = await world.database.transaction((tx) => openIncidentIn(tx, { ...author, ...incidentOfShop }));
  await world.publish();
  expect(await world.service()).toMatchObject({ published: "partial_outage", measured: "operational" });
  const [incident] = (await world.snapshot()).incidents;
  expect(incident).toMatchObject({ id: opened.id, name: "Shop API: partial outage", serviceIds: ["shop"] });
  expect(incident?.updates[0]?.affected).toEqual([
    { serviceId: "shop", oldState: "operational", newState: "partial_outage" },
  ]);
  await world.clock.advance(1_000);
  const end = { ...author, now: world.clock.now(), id: opened.id, message: "Done." };
  await world.database.transaction((tx) => resolveIncidentIn(tx, end));
  await world.publish();
  expect(await world.service()).toMatchObject({ published: "operational" });
  expect((await world.snapshot()).incidents[0]).toMatchObject({ status: "resolved" });
});

test("an unchanged page is written again within five seconds and not more often", async () => {
  world = await publishWorld(config());
  await slot();
  await world.publish();
  const first = await world.snapshot();
  const versions: number[] = [];
  for (let second = 0; second < 12; second += 1) {
    await world.clock.advance(1_000);
    await world.publish();
    const { version, dataAsOf } = await world.snapshot();
    versions.push(version);
    expect(world.clock.now() - Date.parse(dataAsOf)).toBeLessThan(5_000);
  }
  expect(new Set(versions).size).toBeLessThanOrEqual(5);
  expect(versions.at(-1)).toBeGreaterThan(first.version);
});

test("services stand in the order of their groups, those without a group last", async () => {
  const service = (id: string, group: string | null) =>
    sampleService({ id, name: id, group, probes: [probe({ id: `${id}-probe` })], slos: [] });
  const services = [service("one", null), service("two", "B"), service("three", "A"), service("four", "B")];
  world = await publishWorld(config({ services }));
  await world.publish();
  const snapshot = await world.snapshot();
  expect(snapshot.groups.map((group) => `${group.position} ${group.name}`)).toEqual(["1 B", "2 A"]);
  expect(snapshot.services.map((one) => `${one.id} ${one.position}`)).toEqual(["two 1", "four 2", "three 1", "one 3"]);
});

test("bars, budgets, alerts and response times come from what the engine stored", async () => {
  world = await publishWorld(config());
  await slot();
  const minute = new Date(START - 2 * MINUTE_MS);
  await world.database.transaction(async (tx) => {
    await tx`insert into service_states (service_id, since, measured, published)
             values ('shop', ${new Date(START - 2 * DAY_MS)}, 'operational', 'operational'),
                    ('shop', ${new Date(START - 2 * DAY_MS + 2 * HOUR_MS)}, 'major_outage', 'major_outage'),
                    ('shop', ${new Date(START - 2 * DAY_MS + 3 * HOUR_MS)}, 'operational', 'operational')`;
    await tx`insert into buckets (minute, rolled_up_at, duration_sum_us, probe_no, expected, total, good, bad, unvoted, location_no)
             select ${minute}, ${minute}, 246000, p.no, 6, 6, 6, 0, 0, l.no from probes p, locations l where p.id = 'shop-home' and l.id = 'fra'`;
    const reading = {
      minute: START / MINUTE_MS - 1,
      objective: "99.9",
      budget: { good: 997, total: 1_000, attained: 0.997, isMet: false, remaining: -2, coverage: 1 },
      pairs: [{ pairId: "page_1h_5m", long: { burnRate: 30 } }],
    };
    await tx`insert into slo_readings (slo_id, version, through_minute, reading, computed_at)
             values ('shop-availability', 1, ${minute}, ${JSON.stringify(reading)}::text::jsonb, ${minute})`;
    await tx`insert into alerts (id, slo_id, pair_id, number, severity, state, fired_at, firing_reading)
             values ('alt_1', 'shop-availability', 'page_1h_5m', 1, 'page', 'firing', ${minute},
                     ${JSON.stringify(firingReading("3"))}::text::jsonb)`;
  });
  await world.clock.advance(MINUTE_MS);
  await world.publish();
  const service = await world.service();
  expect(service.days.at(-3)).toMatchObject({ worst: "major_outage", seconds: { major_outage: 3_600 } });
  expect(service.days.at(-4)).toEqual({ date: "2026-11-18", worst: "unknown", seconds: {} });
  expect(service.latencyNowMs).toBe(41);
  expect(service.latencyMs).toHaveLength(48);
  expect(service.latencyMs.filter((one) => one !== null)).toEqual([41]);
  expect(service.slos).toEqual([
    {
      id: "shop-availability",
      sli: "availability",
      thresholdMs: null,
      objective: "99.9",
      windowDays: 28,
      good: 997,
      total: 1_000,
      coverage: 1,
      attained: 0.997,
      budgetRemaining: -2,
      isMet: false,
      burning: { since: minute.toISOString(), burnRate: 30, severity: "page" },
    },
  ]);
});
