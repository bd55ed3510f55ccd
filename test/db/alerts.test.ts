import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import { AlertResource, BurnRateAlertResource } from "#lib/contracts/api.ts";
import { durationMs } from "#lib/core/units.ts";
import type { Lease } from "#lib/engine/lease.ts";
import type { FakeClock } from "#test/support/fake-clock.ts";
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
  probeDefinition,
  readAlerts,
  readEvents,
  retireSlo,
  run,
  sloDefinition,
  slots,
} from "./slo-world.ts";

let world: TestDatabase;
let database: Database;
let lease: Lease;
let clock: FakeClock;
let loop: ReturnType<typeof createSloLoop>;

beforeEach(async () => {
  world = await testDatabase();
  database = world.database;
  lease = await lead(database);
  clock = createFakeClock(at(0));
  loop = createSloLoop(database, clock);
});
afterEach(() => world.drop());

/** Moves the clock to shortly after a minute's end, past the grace, and works everything off. */
const settleAt = async (minutes: number): Promise<void> => {
  await clock.advance(at(minutes, 10_000) - clock.now());
  for (let round = 0; round < 30; round += 1) if (!(await loop.runSloOnce(lease)).hasMore) return;
  throw new Error("the loop does not come to an end");
};
const byPair = async (pair: string) => (await readAlerts(database)).filter((alert) => alert.pair === pair);
const addEndpoint = (id: string) =>
  database.transaction(
    (tx) => tx`
      insert into endpoints (id, type, url_ciphertext, secret_ciphertext, events, timeout_ms, state)
      values (${id}, 'webhook', ${randomUUID()}, ${randomUUID()}, ${["*"]}, 10000, 'active')`,
  );
const delivered = () =>
  database.read((db) =>
    db<{ key: string }[]>`
      select e.dedup_key as key from deliveries d join events e on e.id = d.event_id
       where e.type like 'alert.%' order by d.sequence`.then((rows) =>
      rows.map((row) => row.key.replace("alert:shop-availability:", "")),
    ),
  );

describe("an outage of ten minutes", () => {
  beforeEach(async () => {
    await configure(database);
    await ingestSpan(database, 0, 120, "ok");
    await ingestSpan(database, 120, 130, "timeout");
    await settleAt(130);
  });

  test("fires at the first minute that the policy implies, with everything that explains it", async () => {
    const [page] = await byPair("page_1h_5m");
    expect(page).toMatchObject({ number: 1, state: "firing", fired: 120, hasData: true });
    const event = (await readEvents(database)).find(({ key }) => key === "alert:shop-availability:page_1h_5m:1:firing");
    const alert = BurnRateAlertResource.parse(JSON.parse(event?.data ?? "null"));
    expect(event?.subject).toBe(alert.id);
    expect(alert).toMatchObject({
      sloId: "shop-availability",
      serviceId: "shop",
      pair: "page_1h_5m",
      state: "firing",
      objective: "99.9",
      window: "30d",
      firedAt: new Date(at(121)).toISOString(),
      evaluatedAt: new Date(at(121)).toISOString(),
      windows: {
        long: { duration: "1h", bad: 3, total: 180, expected: 180, threshold: "14.4" },
        short: { duration: "5m", bad: 3, total: 15, expected: 15, burnRate: "200" },
      },
      probes: ["home"],
      locations: ["fra"],
    });
    expect(Number(alert.windows.long.burnRate)).toBeCloseTo(3 / 180 / 0.001, 6);
    expect(Number(alert.budget.consumedRatio)).toBeCloseTo(3 / 363 / 0.001, 6);
    expect(alert.budget.exhaustedInSeconds).toBe(0);
  });

  test("resolves as recovered when the short window is clean enough, and a second outage fires again at once", async () => {
    await ingestSpan(database, 130, 160, "ok");
    await settleAt(160);
    const [first] = await byPair("page_1h_5m");
    expect(first).toMatchObject({ state: "resolved", reason: "recovered", resolved: 134 });
    await ingestSpan(database, 160, 162, "bad_status");
    await settleAt(162);
    const [, second] = await byPair("page_1h_5m");
    expect(second).toMatchObject({ number: 2, state: "firing", fired: 160 });
    const keys = (await readEvents(database)).map((event) => event.key);
    expect(keys.filter((key) => key.includes("page_1h_5m"))).toEqual([
      "alert:shop-availability:page_1h_5m:1:firing",
      "alert:shop-availability:page_1h_5m:1:resolved",
      "alert:shop-availability:page_1h_5m:2:firing",
    ]);
  });

  test("stays firing without data, marked so, until data show that it is over", async () => {
    await settleAt(150);
    const [silent] = await byPair("page_1h_5m");
    expect(silent).toMatchObject({ state: "firing", hasData: false });
    await ingestSpan(database, 150, 156, "ok");
    await settleAt(156);
    const [over] = await byPair("page_1h_5m");
    expect(over).toMatchObject({ state: "resolved", reason: "recovered", hasData: true });
  });

  test("resolves as policy_changed when the pair or the SLO leaves the configuration", async () => {
    const kept = sloDefinition().burnRateAlerts.filter((pair) => pair.id !== "page_1h_5m");
    await changeSlo(database, sloDefinition({ burnRateAlerts: kept }), at(130));
    await settleAt(131);
    expect(await byPair("page_1h_5m")).toMatchObject([{ state: "resolved", reason: "policy_changed" }]);
    expect(await byPair("page_6h_30m")).toMatchObject([{ state: "firing" }]);
    await retireSlo(database, "shop-availability", at(131));
    await settleAt(132);
    const all = await readAlerts(database);
    expect(all.map(({ state, reason }) => [state, reason])).toEqual(all.map(() => ["resolved", "policy_changed"]));
    for (const { data } of (await readEvents(database)).filter((event) => event.type === "alert.resolved")) {
      expect(AlertResource.parse(JSON.parse(data)).resolveReason).toBe("policy_changed");
    }
  });

  test("resolves as policy_changed when the SLO counts another probe", async () => {
    await changeSlo(database, sloDefinition({ sli: { kind: "latency", thresholdMs: durationMs(500) } }), at(130));
    await settleAt(131);
    const all = await readAlerts(database);
    expect(all).toHaveLength(4);
    for (const alert of all) expect(alert).toMatchObject({ state: "resolved", reason: "policy_changed" });
  });
});

describe("sparse and missing data", () => {
  test("one failed run fires nothing, three in a row do", async () => {
    await configure(database);
    const [first, second, third] = slots(probeDefinition(), 60, 61);
    await ingestSpan(database, 0, 60, "ok");
    await ingest(database, [run(first!, "timeout"), run(second!, "ok"), run(third!, "ok")], at(61));
    await settleAt(61);
    expect(await readAlerts(database)).toEqual([]);
    await ingestSpan(database, 61, 62, "timeout");
    await settleAt(62);
    expect((await readAlerts(database)).map((alert) => alert.fired)).toContain(61);
  });

  test("a gap alone never fires", async () => {
    await configure(database);
    await ingestSpan(database, 0, 60, "ok");
    await settleAt(400);
    expect(await readAlerts(database)).toEqual([]);
  });

  test("under low coverage missing slots count as good: few bad ones do not fire, an outage does", async () => {
    const wide = probeDefinition({ intervalMs: durationMs(2_000) });
    await configure(database, { probes: [wide], slos: [sloDefinition({ objective: "95" })] });
    await ingestSpan(database, 0, 60, "ok", wide);
    // 15 % of the slots report, nearly all bad: above 72 % of what reported, far below of what was expected.
    await ingest(
      database,
      slots(wide, 60, 65)
        .filter((_, index) => index % 7 === 0)
        .map((slot) => run(slot, "timeout")),
      at(65),
    );
    await settleAt(65);
    expect(await byPair("page_1h_5m")).toEqual([]);
    await ingestSpan(database, 65, 125, "timeout", wide);
    await settleAt(125);
    expect(await byPair("page_1h_5m")).toMatchObject([{ state: "firing" }]);
  });
});

describe("who is told", () => {
  test("a ticket is muted while a page fires, and told when the page is over but the ticket is not", async () => {
    await addEndpoint("oncall");
    await configure(database);
    await ingestSpan(database, 0, 120, "ok");
    await ingestSpan(database, 120, 130, "timeout");
    await settleAt(130);
    const told = await delivered();
    expect(told).toEqual(["page_1h_5m:1:firing", "page_6h_30m:1:firing"]);
    expect((await readEvents(database)).map((event) => event.type)).toEqual(new Array(4).fill("alert.firing"));
    await ingestSpan(database, 130, 190, "ok");
    await settleAt(190);
    expect((await delivered()).slice(2)).toEqual([
      "page_1h_5m:1:resolved",
      "page_6h_30m:1:resolved",
      "ticket_1d_2h:1:firing",
      "ticket_3d_6h:1:firing",
    ]);
  });

  test("only the endpoints that a pair names", async () => {
    await addEndpoint("oncall");
    await addEndpoint("archive");
    const burnRateAlerts = sloDefinition()
      .burnRateAlerts.slice(0, 1)
      .map((pair) => ({ ...pair, notify: ["oncall"] }));
    await configure(database, { slos: [sloDefinition({ burnRateAlerts })] });
    await ingestSpan(database, 0, 60, "ok");
    await ingestSpan(database, 60, 65, "timeout");
    await settleAt(65);
    const endpoints = await database.read(
      (db) => db<{ id: string }[]>`
      select d.endpoint_id as id from deliveries d join events e on e.id = d.event_id where e.type like 'alert.%'`,
    );
    expect(endpoints.map((row) => row.id)).toEqual(["oncall"]);
  });
});

test("an alert names the probes and locations that fail, and no others", async () => {
  const locations = ["fra", "nyc", "sgp"];
  const probes = [probeDefinition({ locations }), probeDefinition({ id: "cart", locations })];
  await configure(database, { locations, probes, slos: [sloDefinition({ probes: ["home", "cart"] })] });
  for (const probe of probes) await ingestSpan(database, 0, 60, "ok", probe);
  const mixed = slots(probes[0]!, 60, 65).flatMap((slot) =>
    locations.map((locationId) => run(slot, locationId === "sgp" ? "ok" : "timeout", { locationId })),
  );
  await ingest(database, mixed, at(65));
  await ingestSpan(database, 60, 65, "ok", probes[1]);
  await settleAt(65);
  const [event] = await readEvents(database);
  expect(AlertResource.parse(JSON.parse(event?.data ?? "null"))).toMatchObject({
    probes: ["home"],
    locations: ["fra", "nyc"],
  });
});
