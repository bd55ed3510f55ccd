import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import { readExclusions } from "#db/queries/exclusions.ts";
import { insertIncident } from "#db/queries/incident-writes.ts";
import { createKey } from "#lib/commands/api-keys/create-key.ts";
import { storeOccurrences } from "#lib/commands/maintenances/store-occurrences.ts";
import { ProblemDetail, SloResource } from "#lib/contracts/api.ts";
import { GateResource, LedgerResource } from "#lib/contracts/budgets.ts";
import { ExclusionResource } from "#lib/contracts/exclusions.ts";
import { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import { addMs, DAY_MS, epochMs, HOUR_MS } from "#lib/core/units.ts";
import { createEvaluator } from "#lib/engine/evaluate.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";
import { MINUTES, SLO } from "./corrections-world.ts";
import { at, configure, feedMinutes, lead, readEvents } from "./slo-world.ts";

let world: TestDatabase;
let database: Database;
let site: TestSite;
let lease: Lease;
const clock = createFakeClock(at(600));
let ada: string;
let bob: string;

let evaluator: ReturnType<typeof createEvaluator>;
const settle = async () => {
  const one = evaluator;
  for (let round = 0; round < 10; round += 1) if (!(await one.runEvaluateOnce(lease, { rerolled: [] })).hasMore) return;
  throw new Error("the evaluator does not come to an end");
};

const makeKey = async (name: string): Promise<string> => {
  const made = await database.transaction((tx) =>
    createKey(tx, {
      ...{ name, scopes: ["exclusions:write", "maintenances:write"], expiresAt: null, actor: "cli" },
      ...{ now: clock.now(), randomBytes },
    }),
  );
  return made.token;
};

const call = async (method: "GET" | "POST", path: string, args: { token?: string; body?: unknown } = {}) => {
  const { token, body } = args;
  const answer = await fetch(`${site.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
  });
  return { status: answer.status, location: answer.headers.get("location"), body: (await answer.json()) as unknown };
};
const iso = (minutes: number): string => new Date(at(minutes)).toISOString();
const exclude = (from: number, until: number, more: object = {}) =>
  call("POST", "/v1/exclusions", {
    token: ada,
    body: { sloId: "one", startsAt: iso(from), endsAt: iso(until), reason: "The test rig was mended.", ...more },
  });
const getLedger = async (query = "") => LedgerResource.parse((await call("GET", `/v1/slos/one/ledger${query}`)).body);
const getSlo = async () => SloResource.parse((await call("GET", "/v1/slos/one")).body);

beforeAll(async () => {
  world = await testDatabase();
  database = world.database;
  await configure(database, { slos: [SLO] });
  lease = await lead(database);
  evaluator = createEvaluator({ database, clock, log: silentLogger });
  await feedMinutes(database, { sloId: "one", minutes: MINUTES, until: 600 });
  await settle();
  site = await startTestSite({ snapshot: null, database, clock });
  [ada, bob] = [await makeKey("Ada"), await makeKey("Bob")];
});
afterAll(async () => {
  await site.stop();
  await world.drop();
});

describe("a retroactive exclusion", () => {
  test("counts once a second person approved it, is refused to its author, and revoking restores the figures", async () => {
    const before = await getSlo();
    expect(before.reading).toMatchObject({ bad: 60, total: 600, isAdjusted: false, raw: { bad: 60, total: 600 } });
    const made = await exclude(100, 120);
    expect(made.status).toBe(201);
    const exclusion = ExclusionResource.parse(made.body);
    expect(exclusion).toMatchObject({ kind: "retroactive", state: "awaiting_approval", sloId: "one" });
    expect(exclusion.author).toMatch(/^Ada \(api_key:key_/);
    expect(made.location).toBe(`/v1/exclusions/${exclusion.id}`);
    const path = `/v1/exclusions/${exclusion.id}`;
    const own = await call("POST", `${path}/approve`, { token: ada });
    expect(own.status).toBe(409);
    expect(ProblemDetail.parse(own.body)).toMatchObject({
      code: "CONFLICT",
      detail: expect.stringContaining("second person") as string,
    });
    await settle();
    expect((await getSlo()).reading).toEqual(before.reading);
    const approved = ExclusionResource.parse((await call("POST", `${path}/approve`, { token: bob })).body);
    expect(approved).toMatchObject({ state: "in_force", approvedAt: iso(600) });
    expect((await call("POST", `${path}/approve`, { token: bob })).body).toEqual(approved);
    await settle();
    const { reading } = await getSlo();
    expect(reading).toMatchObject({ bad: 40, total: 580, isAdjusted: true, raw: { bad: 60, total: 600 } });
    expect((await call("POST", `${path}/revoke`, { token: bob })).status).toBe(200);
    await settle();
    expect((await getSlo()).reading).toEqual(before.reading);
    expect((await call("GET", path, { token: bob })).body).toMatchObject({ state: "revoked", revokedAt: iso(600) });
    const events = (await readEvents(database)).map(({ type }) => type).filter((type) => type.startsWith("exclusion"));
    expect(events).toEqual(["exclusion.created", "exclusion.approved", "exclusion.revoked"]);
    const audit = await database.read(
      (db) => db<{ action: string; actor: string }[]>`
        select action, actor from audit_log where subject = ${exclusion.id} order by position`,
    );
    expect(audit.map(({ action }) => action)).toEqual(events);
    expect(new Set(audit.map(({ actor }) => actor)).size).toBe(2);
  });

  test.each([
    { name: "what began cannot be announced", more: { kind: "announced" } },
    { name: "an unknown SLO", more: { sloId: "two" } },
    { name: "two scopes", more: { serviceId: "shop" } },
    { name: "no reason", more: { reason: " " } },
    { name: "an emergency of long ago", more: { kind: "emergency", startsAt: iso(100), endsAt: iso(120) } },
    { name: "an empty span", more: { endsAt: iso(100) } },
  ])("$name is refused", async ({ more }) => {
    expect((await exclude(100, 120, more)).status).toBe(400);
  });

  test("nobody approves what is not there or needs no approval", async () => {
    expect((await call("POST", "/v1/exclusions/exc_nobody/approve", { token: bob })).status).toBe(404);
    const made = ExclusionResource.parse((await exclude(900, 910)).body);
    expect(made).toMatchObject({ kind: "announced", state: "in_force" });
    expect((await call("POST", `/v1/exclusions/${made.id}/approve`, { token: bob })).status).toBe(409);
    await call("POST", `/v1/exclusions/${made.id}/revoke`, { token: ada });
  });
});

describe("the ledger", () => {
  test("gives every bad event to one incident, one maintenance or nothing, with shares that add up to one", async () => {
    const span = { createdAt: at(260), publishedAt: at(260), publishAt: null, monitoringAt: null };
    const services = { serviceIds: ["shop"], impacts: { shop: "major" }, origin: "person", translations: {} } as const;
    const incident = {
      id: "inc_1",
      name: "Checkout is down",
      status: "resolved",
      impact: "major",
      ...services,
    } as const;
    await database.transaction((tx) =>
      insertIncident(tx, { ...incident, ...span, startedAt: at(210), resolvedAt: at(240) }),
    );
    const work = ExclusionResource.parse((await exclude(500, 507, { kind: "emergency" })).body);
    const ledger = await getLedger();
    expect(ledger).toMatchObject({ bad: 60, total: 600, consumedRatio: "1", postmortemDue: true });
    expect(ledger.entries.map(({ cause, id, bad }) => [cause, id, bad])).toEqual([
      ["unattributed", null, 33],
      ["incident", "inc_1", 20],
      ["maintenance", work.id, 7],
    ]);
    expect(ledger.entries.map(({ shareRatio }) => shareRatio)).toEqual(["0.55", "0.333333333", "0.116666667"]);
    expect(ledger.entries.find(({ cause }) => cause === "incident")).toMatchObject({
      name: "Checkout is down",
      firstAt: iso(210),
      lastAt: iso(230),
      postmortemDue: true,
    });
    const part = await getLedger(`?from=${iso(480)}&to=${iso(540)}`);
    expect(part).toMatchObject({ from: iso(480), to: iso(540), bad: 10, total: 60 });
    expect((await call("GET", `/v1/slos/one/ledger?from=${iso(540)}&to=${iso(480)}`)).status).toBe(400);
    expect((await call("GET", "/v1/slos/two/ledger")).status).toBe(404);
  });
});

describe("the gate", () => {
  test("says whether releases are frozen, by which rule, and that the review is overdue", async () => {
    const gate = GateResource.parse((await call("GET", "/v1/slos/one/gate")).body);
    expect(gate).toMatchObject({ frozen: true, action: "freeze", reviewOverdue: true, owner: "Shop team" });
    expect(gate.reasons).toHaveLength(1);
    expect(gate.policy).toHaveLength(1);
    expect(gate.reading).toMatchObject({ bad: 60, total: 600 });
    const slo = await getSlo();
    expect(slo.document).toMatchObject({ owner: "Shop team", reviewDate: "2026-10-31", reviewOverdue: true });
    expect(slo.budgetPolicy).toMatchObject([{ action: "freeze", remainingBelow: "10" }]);
    expect((await call("GET", "/v1/slos/two/gate")).status).toBe(404);
  });
});

describe("recurring maintenance", () => {
  const schedule = (more: object = {}) =>
    call("POST", "/v1/maintenances", {
      token: ada,
      body: {
        ...{ title: "Weekly work", serviceIds: ["shop"], startsAt: "2026-11-08T02:00:00Z", duration: "2h" },
        ...{ rrule: "FREQ=WEEKLY;BYDAY=SU", timeZone: "Europe/Berlin", ...more },
      },
    });
  const derivedOf = async (maintenanceId: string) => {
    const all = await database.read((db) => readExclusions(db, { endedAfter: epochMs(0), withRevoked: true }));
    const rows = await database.read(
      (db) => db<{ id: string }[]>`
        select exclusion_id as id from maintenance_occurrences where maintenance_id = ${maintenanceId}`,
    );
    return all.filter(({ id }) => rows.some((row) => row.id === id)).sort((a, b) => a.startsAt - b.startsAt);
  };

  test("is announced exclusions for five weeks ahead; a replay adds nothing; cancellation revokes what is to come", async () => {
    const made = await schedule();
    expect(made.status).toBe(201);
    const maintenance = MaintenanceResource.parse(made.body);
    expect(maintenance).toMatchObject({ state: "scheduled", rrule: "FREQ=WEEKLY;BYDAY=SU", duration: "2h" });
    expect(maintenance.occurrences.map(({ startsAt }) => startsAt.slice(0, 16))).toEqual([
      "2026-11-08T02:00",
      "2026-11-15T02:00",
      "2026-11-22T02:00",
      "2026-11-29T02:00",
      "2026-12-06T02:00",
    ]);
    const first = await derivedOf(maintenance.id);
    expect(first.map(({ kind, endsAt, startsAt }) => [kind, endsAt - startsAt])).toEqual(
      first.map(() => ["announced", 2 * HOUR_MS]),
    );
    const expand = (now: number) => database.transaction((tx) => storeOccurrences(tx, epochMs(now)));
    expect(await expand(clock.now())).toBe(0);
    const later = addMs(clock.now(), 7 * DAY_MS);
    expect(await expand(later)).toBe(1);
    expect(await expand(later)).toBe(0);
    expect((await call("GET", "/v1/exclusions?limit=1&state=in_force", { token: ada })).body).toMatchObject({
      data: [{ maintenanceId: maintenance.id, author: expect.stringMatching(/^Ada/) as string }],
    });
    const cancel = await call("POST", `/v1/maintenances/${maintenance.id}/cancel`, { token: bob, body: {} });
    expect(cancel.body).toMatchObject({ state: "canceled", canceledBy: expect.stringMatching(/^Bob/) as string });
    expect((await derivedOf(maintenance.id)).every(({ revokedAt }) => revokedAt !== null)).toBe(true);
    expect(await expand(addMs(later, 7 * DAY_MS))).toBe(0);
    expect((await call("GET", `/v1/maintenances/${maintenance.id}`, { token: ada })).status).toBe(200);
    const statuspage = await call("GET", "/api/v2/scheduled-maintenances.json");
    expect([200, 503]).toContain(statuspage.status);
  });

  test("told of after the start is an emergency; said to be told of before, but entered late, it waits for a second person", async () => {
    const once = { rrule: undefined, startsAt: iso(560) };
    const kinds = await Promise.all(
      [{}, { announcedAt: iso(0) }].map(async (more) => {
        const made = MaintenanceResource.parse((await schedule({ ...once, ...more })).body);
        return (await derivedOf(made.id)).map(({ kind }) => kind);
      }),
    );
    expect(kinds).toEqual([["emergency"], ["retroactive"]]);
  });

  test.each([
    { rrule: "FREQ=SECONDLY" },
    { rrule: "FREQ=WEEKLY;FOO=1" },
    { rrule: "FREQ=WEEKLY;BYDAY=XX" },
    { rrule: "FREQ=WEEKLY\nEXDATE:20261108T020000Z" },
    { rrule: "FREQ=HOURLY;BYMINUTE=0,10,20,30,40,50" },
    { timeZone: "Mars/Olympus" },
    { serviceIds: ["none"] },
    { duration: "2 hours" },
  ])("what cannot be worked out is refused: $rrule $timeZone $serviceIds $duration", async (more) => {
    expect((await schedule(more)).status).toBe(400);
  });
});
