import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import { createKey } from "#lib/commands/api-keys/create-key.ts";
import { IncidentResource, IncidentTemplateResource } from "#lib/contracts/incidents.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";
import { settleIncidents } from "#lib/engine/incidents/settle-incidents.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { openImpactsOn, readIncidentPart } from "#lib/engine/publish/incidents.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";
import { at, configure, lead, readEvents } from "./slo-world.ts";

let world: TestDatabase;
let database: Database;
let site: TestSite;
let lease: Lease;
let token: string;
let reader: string;
const clock = createFakeClock(at(600));

const makeKey = async (scope: "incidents:read" | "incidents:write"): Promise<string> => {
  const made = await database.transaction((tx) =>
    createKey(tx, {
      ...{ name: scope, scopes: [scope], expiresAt: null, actor: "cli" },
      ...{ now: clock.now(), randomBytes },
    }),
  );
  return made.token;
};

beforeAll(async () => {
  world = await testDatabase();
  database = world.database;
  await configure(database);
  await database.transaction((tx) => tx`insert into services (id, name, position) values ('pay', 'Payments', 1)`);
  lease = await lead(database);
  site = await startTestSite({ snapshot: null, database, clock });
  token = await makeKey("incidents:write");
  reader = await makeKey("incidents:read");
});
afterAll(async () => {
  await site.stop();
  await world.drop();
});

const iso = (at: EpochMs): string => new Date(at).toISOString();
const ask = async (method: string, path: string, body?: unknown, key = token) => {
  const answer = await fetch(`${site.url}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? null : (JSON.parse(text) as unknown) };
};
/** An answer that is an incident; anything else is shown whole. */
const incidentOf = async (answer: ReturnType<typeof ask>): Promise<IncidentResource> => {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
  return IncidentResource.parse(body);
};
const post = (path: string, body?: unknown) => incidentOf(ask("POST", path, body));
const get = (id: string) => incidentOf(ask("GET", `/incidents/${id}`));
const statusOf = async (method: string, path: string, body?: unknown, key?: string): Promise<number> =>
  (await ask(method, path, body, key)).status;
const shown = async (id: string) =>
  (await database.read((db) => readIncidentPart(db, clock.now()))).shown.find((one) => one.id === id);
const typesOf = async (id: string): Promise<string[]> =>
  (await readEvents(database)).filter(({ subject }) => subject === id).map(({ type }) => type);

test("a draft stays off the page and out of the published state until it is published", async () => {
  const draft = await post("/incidents", {
    ...{
      draft: true,
      title: "Checkout",
      message: "We **look** into it.",
      affected: [{ service: "shop", impact: "major" }],
    },
    translations: { ko: { title: "결제", message: "확인하고 있습니다." } },
  });
  expect(draft).toMatchObject({ publication: "draft", impact: "major", publishedAt: null });
  expect(await shown(draft.id)).toBeUndefined();
  const part = await database.read((db) => readIncidentPart(db, clock.now()));
  expect(openImpactsOn(part, "shop")).toEqual([]);
  const edited = await incidentOf(
    ask("PATCH", `/incidents/${draft.id}`, {
      affected: [{ service: "pay", impact: "minor" }],
      message: "Look *here*.",
    }),
  );
  expect(edited).toMatchObject({ serviceIds: ["pay"], impact: "minor" });
  expect(await statusOf("POST", `/incidents/${draft.id}/updates`, { message: "x" })).toBe(409);
  const open = await post(`/incidents/${draft.id}/publish`);
  expect(open).toMatchObject({ publication: "published", status: "investigating" });
  expect(await shown(draft.id)).toMatchObject({
    name: "Checkout",
    translations: { ko: { name: "결제" } },
    updates: [
      { bodyHtml: "<p>Look <em>here</em>.</p>", translations: { ko: { bodyHtml: "<p>확인하고 있습니다.</p>" } } },
    ],
  });
  expect(await typesOf(draft.id)).toEqual(["incident.drafted", "incident.draft_changed", "incident.opened"]);
  await post(`/incidents/${draft.id}/resolve`);
});

test("impacts of services go over time, back-dated updates find their place, and edits are told", async () => {
  const startedAt = addMs(clock.now(), -2 * HOUR_MS);
  const { id } = await post("/incidents", {
    ...{ message: "Slow.", startedAt: iso(startedAt) },
    affected: [
      { service: "shop", impact: "critical" },
      { service: "pay", impact: "minor" },
    ],
  });
  await clock.advance(1_000);
  await post(`/incidents/${id}/updates`, {
    ...{ status: "monitoring", message: "Fixed.", affected: [{ service: "pay", impact: "none" }] },
  });
  const early = addMs(startedAt, HOUR_MS);
  const back = await post(`/incidents/${id}/updates`, {
    status: "identified",
    message: "Found.",
    displayAt: iso(early),
  });
  expect(back).toMatchObject({ status: "monitoring", impact: "critical" });
  expect(back.updates.map(({ status }) => status)).toEqual(["monitoring", "identified", "investigating"]);
  expect(back.affected).toEqual([
    { serviceId: "shop", impact: "critical" },
    { serviceId: "pay", impact: "none" },
  ]);
  const found = back.updates[1]?.id ?? "";
  const fixed = await incidentOf(ask("PATCH", `/incidents/${id}/updates/${found}`, { message: "Found it." }));
  expect(fixed.updates[1]?.body).toBe("Found it.");
  expect((await shown(id))?.impactSpans).toEqual([
    { serviceId: "shop", spans: [{ from: iso(startedAt), until: null, impact: "critical" }] },
    { serviceId: "pay", spans: [{ from: iso(startedAt), until: iso(clock.now()), impact: "minor" }] },
  ]);
  expect(
    await statusOf("POST", `/incidents/${id}/updates`, { message: "x", displayAt: iso(addMs(startedAt, -1)) }),
  ).toBe(400);
  const moved = await incidentOf(ask("PATCH", `/incidents/${id}`, { title: "Shop is slow" }));
  expect(moved.name).toBe("Shop is slow");
  await post(`/incidents/${id}/resolve`, { message: "Done." });
  expect(await typesOf(id)).toEqual([
    "incident.opened",
    ...["incident.updated", "incident.updated", "incident.updated", "incident.updated"],
    "incident.resolved",
  ]);
});

test("a planned update comes out by itself at its time and not before, once under two engines", async () => {
  const { id } = await post("/incidents", { message: "Down.", affected: [{ service: "shop", impact: "minor" }] });
  const later = addMs(clock.now(), 10 * MINUTE_MS);
  const planned = await post(`/incidents/${id}/updates`, {
    status: "monitoring",
    message: "Later.",
    publishAt: iso(later),
  });
  expect(planned).toMatchObject({ status: "investigating" });
  expect(planned.updates[0]).toMatchObject({ publishedAt: null, publishAt: iso(later) });
  expect((await shown(id))?.updates).toHaveLength(1);
  const told = (await readEvents(database)).find(
    ({ type, subject }) => subject === id && type === "incident.update_scheduled",
  );
  expect(JSON.stringify(told?.data)).not.toContain("Later.");
  await clock.advance(10 * MINUTE_MS - 1);
  expect(await settleIncidents({ database, lease, now: clock.now() })).toBe(0);
  await clock.advance(1);
  await Promise.all([1, 2].map(() => settleIncidents({ database, lease, now: clock.now() })));
  expect(await get(id)).toMatchObject({ status: "monitoring", monitoringAt: iso(later) });
  expect(await typesOf(id)).toEqual(["incident.opened", "incident.update_scheduled", "incident.updated"]);
  await post(`/incidents/${id}/resolve`);
});

test("resolved, reopened, and closed again with a post-mortem that shows what was measured", async () => {
  const { id } = await post("/incidents", { message: "Down.", affected: [{ service: "shop" }], impact: "major" });
  expect(await statusOf("POST", `/incidents/${id}/updates`, { status: "postmortem", message: "Why" })).toBe(409);
  await post(`/incidents/${id}/resolve`);
  expect(await statusOf("POST", `/incidents/${id}/updates`, { message: "More." })).toBe(409);
  await clock.advance(MINUTE_MS);
  const again = await post(`/incidents/${id}/reopen`, { message: "It is back." });
  expect(again).toMatchObject({ status: "investigating", resolvedAt: null });
  await clock.advance(MINUTE_MS);
  const closedAt = iso(clock.now());
  await post(`/incidents/${id}/resolve`, { message: "Now really." });
  const draft = (await ask("GET", `/incidents/${id}/postmortem-draft`)).body as {
    text: string;
    timeline: { text: string }[];
  };
  expect(draft.text).toContain("## Timeline");
  expect(draft.timeline.map(({ text }) => text)).toContain("investigating: It is back.");
  await clock.advance(MINUTE_MS);
  const told = await post(`/incidents/${id}/updates`, { status: "postmortem", message: "# Why\n\n<b>x</b>" });
  expect(told).toMatchObject({ status: "postmortem", resolvedAt: closedAt });
  expect((await shown(id))?.postmortem?.bodyHtml).toContain("<h3>Why</h3>");
  expect((await typesOf(id)).slice(-3)).toEqual([
    "incident.reopened",
    "incident.resolved",
    "incident.postmortem_published",
  ]);
});

test("a merged incident leaves the page and gives its services to the other; a discarded draft is gone for good", async () => {
  const one = await post("/incidents", {
    message: "A.",
    title: "A",
    affected: [{ service: "shop", impact: "critical" }],
  });
  const two = await post("/incidents", { message: "B.", title: "B", affected: [{ service: "pay", impact: "minor" }] });
  const left = await post(`/incidents/${one.id}/merge`, { into: two.id });
  expect(left).toMatchObject({ id: two.id, impact: "critical", serviceIds: ["shop", "pay"] });
  expect(await get(one.id)).toMatchObject({ publication: "merged", mergedInto: two.id, status: "resolved" });
  expect(await shown(one.id)).toBeUndefined();
  expect(await statusOf("POST", `/incidents/${one.id}/updates`, { message: "x" })).toBe(409);
  const draft = await post("/incidents", { draft: true, message: "C.", affected: [{ service: "pay" }] });
  expect(await post(`/incidents/${draft.id}/discard`)).toMatchObject({ publication: "discarded" });
  expect(await statusOf("POST", `/incidents/${draft.id}/publish`)).toBe(409);
  const { data } = (await ask("GET", "/incidents?open=true&service=pay")).body as { data: IncidentResource[] };
  expect(data.map(({ id }) => id)).toEqual([two.id]);
});

test("templates fill in what is left out; their names are unique", async () => {
  const made = await ask("POST", "/incident-templates", {
    ...{ name: "Payments down", title: "Payments fail", message: "We look.", impact: "major" },
    affected: [{ serviceId: "pay", impact: "major" }],
  });
  expect(made.status).toBe(201);
  const { id } = IncidentTemplateResource.parse(made.body);
  const incident = await post("/incidents", { templateId: id, draft: true });
  expect(incident).toMatchObject({ name: "Payments fail", impact: "major", serviceIds: ["pay"] });
  expect(await statusOf("PATCH", `/incident-templates/${id}`, { title: "Other" })).toBe(200);
  const same = { name: "Payments down", title: "x", message: "y" };
  expect(await statusOf("POST", "/incident-templates", same)).toBe(409);
  expect(await statusOf("DELETE", `/incident-templates/${id}`)).toBe(204);
  expect(await statusOf("GET", `/incident-templates/${id}`)).toBe(404);
});

test("who may only read changes nothing, and without a key nobody sees a draft", async () => {
  expect(await statusOf("POST", "/incidents", { message: "x", affected: [{ service: "shop" }] }, reader)).toBe(403);
  expect(await statusOf("GET", "/incidents", undefined, reader)).toBe(200);
  expect((await fetch(`${site.url}/v1/incidents`)).status).toBe(401);
  expect(await statusOf("POST", "/incidents", { message: "x", affected: [{ service: "shpo" }] })).toBe(404);
});
