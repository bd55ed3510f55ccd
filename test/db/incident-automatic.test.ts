import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import { addExclusion } from "#lib/commands/exclusions/add-exclusion.ts";
import { editIncident } from "#lib/commands/incidents/edit-incident.ts";
import { createSilence } from "#lib/commands/silences/silence-alerts.ts";
import type { IncidentPolicy } from "#lib/core/incidents/policy.ts";
import { settleAlerts } from "#lib/engine/alerts/settle-alerts.ts";
import { measureIncidentCosts } from "#lib/engine/incidents/incident-costs.ts";
import { settleIncidents } from "#lib/engine/incidents/settle-incidents.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { readIncidentPart } from "#lib/engine/publish/incidents.ts";
import { listIncidents } from "#lib/read/incidents.ts";
import { getPostmortemDraft } from "#lib/read/postmortem.ts";
import type { FakeClock } from "#test/support/fake-clock.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import {
  at,
  configure,
  createSloLoop,
  ingestSpan,
  lead,
  probeDefinition,
  readEvents,
  sloDefinition,
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

const settle = () => settleIncidents({ database, lease, now: clock.now() });
/** Works everything off as the engine does: minutes, who is told, incidents. */
const settleAt = async (minutes: number): Promise<void> => {
  await clock.advance(at(minutes, 10_000) - clock.now());
  for (let round = 0; round < 30; round += 1) if (!(await loop.runSloOnce(lease)).hasMore) break;
  await settleAlerts({ database, lease, now: clock.now() });
  await settle();
};
const setPolicy = (policy: IncidentPolicy) =>
  database.transaction(
    (tx) =>
      tx`insert into config_versions (sha256, document, applied_at)
         values (${"1".repeat(64)}, ${JSON.stringify({ incidents: policy })}::text::jsonb, now())`,
  );
const setMeasured = (minutes: number, measured: string) =>
  database.transaction(
    (tx) =>
      tx`insert into service_states (service_id, since, measured, published)
         values ('shop', ${new Date(at(minutes))}, ${measured}, ${measured})`,
  );
const incidents = async () => (await listIncidents(database, { limit: 100 })).data;
const types = async () =>
  (await readEvents(database)).map(({ type }) => type).filter((type) => type.startsWith("incident"));
/** An outage from minute 40 on that is seen at 50. */
const fail = async (probe = probeDefinition()): Promise<void> => {
  await ingestSpan(database, 0, 40, "ok", probe);
  await ingestSpan(database, 40, 50, "timeout", probe);
  await settleAt(50);
};
const TWO = { locations: ["fra", "nyc"], probes: [probeDefinition({ locations: ["fra", "nyc"] })] };

test("a page drafts one incident for its service, later alerts join it, two engines make no second one", async () => {
  await configure(database);
  await setMeasured(41, "major_outage");
  await fail();
  await Promise.all([settle(), settle()]);
  const [draft, ...others] = await incidents();
  expect(others).toEqual([]);
  expect(draft).toMatchObject({
    ...{ publication: "draft", origin: "alert", impact: "critical", isHandled: false, serviceIds: ["shop"] },
    startedAt: new Date(at(41)).toISOString(),
    translations: { ko: { name: "Shop: 전체 장애" } },
  });
  expect(draft?.alertIds).toHaveLength(2);
  expect(await types()).toEqual(["incident.drafted", "incident.alert_attached"]);
  const { incidents: shown } = await database.read((db) => readIncidentPart(db, clock.now()));
  expect(shown).toEqual([]);
});

test("nothing is opened by a policy of none, by a silenced alert or within an exclusion", async () => {
  await configure(database);
  await setPolicy({ onAlert: "none", singleLocation: "draft" });
  await fail();
  expect(await incidents()).toEqual([]);
  await setPolicy({ onAlert: "draft", singleLocation: "draft" });
  const author = { author: "Ada", actor: "cli", now: clock.now(), randomBytes };
  await database.transaction((tx) =>
    createSilence(tx, {
      ...{ serviceIds: ["shop"], sloIds: [], pairs: [], severities: [], startsAt: at(30), endsAt: at(55) },
      ...{ comment: "known", ...author },
    }),
  );
  await settleAlerts({ database, lease, now: clock.now() });
  await settle();
  expect(await incidents()).toEqual([]);
  await database.transaction((tx) =>
    addExclusion(tx, {
      ...{ scope: { serviceId: "shop" }, kind: "emergency", startsAt: at(50), endsAt: at(60), reason: "work" },
      ...author,
    }),
  );
  await ingestSpan(database, 50, 56, "timeout");
  await clock.advance(at(56) - clock.now());
  await settleAlerts({ database, lease, now: clock.now() });
  await settle();
  expect(await incidents()).toEqual([]);
});

test("exclusions of something else, of another time or not approved keep nothing back; an incident is no younger than its alert", async () => {
  await configure(database, { slos: [sloDefinition(), sloDefinition({ id: "other", burnRateAlerts: [] })] });
  const work = { endsAt: at(60), reason: "work", author: "Ada", actor: "cli", now: at(40), randomBytes };
  const scope = { serviceId: "shop" };
  await database.transaction(async (tx) => {
    await addExclusion(tx, { ...work, kind: "emergency", scope: { sloId: "other" }, startsAt: at(40) });
    await addExclusion(tx, { ...work, kind: "announced", scope, startsAt: at(55) });
    await addExclusion(tx, { ...work, kind: "retroactive", scope, startsAt: at(30) });
  });
  await setMeasured(49, "major_outage");
  await fail();
  const [draft] = await incidents();
  expect(draft?.publication).toBe("draft");
  expect(Date.parse(draft?.startedAt ?? "")).toBeLessThan(at(49));
});

test("two locations that agree publish at once; an untouched incident ends with its alerts", async () => {
  await configure(database, TWO);
  await setPolicy({ onAlert: "publish", singleLocation: "draft" });
  await fail(TWO.probes[0]);
  expect(await incidents()).toMatchObject([{ publication: "published", status: "investigating" }]);
  await ingestSpan(database, 50, 80, "ok", TWO.probes[0]);
  await settleAt(80);
  expect(await incidents()).toMatchObject([{ status: "resolved", updates: [{ status: "resolved" }, {}] }]);
  expect(await types()).toEqual(["incident.opened", "incident.alert_attached", "incident.resolved"]);
  const [incident] = await incidents();
  expect(await measureIncidentCosts({ database, lease, now: clock.now() })).toBe(1);
  expect(await measureIncidentCosts({ database, lease, now: clock.now() })).toBe(0);
  const { shown } = await database.read((db) => readIncidentPart(db, clock.now()));
  const share = shown[0]?.costs?.[0]?.share ?? 0;
  expect(share).toBeGreaterThan(1);
  const draft = await getPostmortemDraft(database, incident?.id ?? "", clock.now());
  expect(draft.costs).toMatchObject([{ sloId: "shop-availability", period: null, windowDays: 30 }]);
  expect(Number(draft.costs[0]?.consumedRatio)).toBeCloseTo(share, 6);
  expect(draft.times.firstFailureAt?.slice(0, 16)).toBe(new Date(at(40)).toISOString().slice(0, 16));
  expect(draft.times.detectionSeconds).toBeGreaterThan(0);
  expect(draft.timeline.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["run", "alert", "update"]));
});

test("one location alone stays a draft unless the policy lets it publish; an untouched draft goes with its alerts", async () => {
  await configure(database);
  await setPolicy({ onAlert: "publish", singleLocation: "draft" });
  await fail();
  expect(await incidents()).toMatchObject([{ publication: "draft" }]);
  await setPolicy({ onAlert: "publish", singleLocation: "publish" });
  await settle();
  expect(await incidents()).toMatchObject([{ publication: "published" }]);
  expect(await settle()).toBe(0);
});

test("what a person edited is never closed by itself: after half an hour of health the desk asks, once", async () => {
  await configure(database);
  await setMeasured(41, "major_outage");
  await fail();
  const id = (await incidents())[0]?.id ?? "";
  await database.transaction((tx) =>
    editIncident(tx, { id, title: "Shop is down", actor: "user:ada", now: clock.now(), randomBytes }),
  );
  await ingestSpan(database, 50, 80, "ok");
  await setMeasured(79, "operational");
  await settleAt(80);
  expect(await incidents()).toMatchObject([{ publication: "draft", asksToResolve: false, isHandled: true }]);
  await clock.advance(at(108) - clock.now());
  expect(await settle()).toBe(0);
  await clock.advance(at(111) - clock.now());
  await settle();
  expect(await settle()).toBe(0);
  expect(await incidents()).toMatchObject([{ asksToResolve: true, status: "investigating" }]);
  expect((await types()).filter((type) => type === "incident.resolve_due")).toHaveLength(1);
  await setMeasured(112, "partial_outage");
  await settle();
  expect(await incidents()).toMatchObject([{ asksToResolve: false }]);
});
