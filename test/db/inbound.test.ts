import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createKey } from "#lib/commands/api-keys/create-key.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { EVENT_DATA } from "#lib/contracts/events.ts";
import { ExternalAlertResource } from "#lib/contracts/external-alerts.ts";
import type { Scope } from "#lib/core/access/authorise.ts";
import { addMs, epochMs, MINUTE_MS, SECOND_MS } from "#lib/core/units.ts";
import { expireExternalAlerts } from "#lib/engine/alerts/expire-external-alerts.ts";
import { acquireLease } from "#lib/engine/lease.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { sampleConfig } from "#test/support/sample-config.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";

let db: TestDatabase;
let site: TestSite;
const tokens: Partial<Record<Scope, string>> = {};

beforeAll(async () => {
  db = await testDatabase();
  const now = systemClock.now();
  await db.database.transaction(async (tx) => {
    await applyConfig(tx, { config: sampleConfig(), now, secretBox: createSecretBox(new Uint8Array(32)) });
    await tx`update endpoints set events = '{*}'`;
    for (const scope of ["alerts:write", "alerts:read", "silences:write"] as const) {
      const key = { name: scope, scopes: [scope], expiresAt: null };
      tokens[scope] = (await createKey(tx, { ...key, actor: "cli", now, randomBytes })).token;
    }
  });
  site = await startTestSite({ snapshot: null, database: db.database });
});
afterAll(async () => {
  await site.stop();
  await db.drop();
});

const call = async (method: string, path: string, body?: unknown, scope: Scope | null = "alerts:write") => {
  const answer = await fetch(`${site.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    headers: {
      ...(scope === null ? {} : { authorization: `Bearer ${tokens[scope]}` }),
      "content-type": "application/json",
    },
  });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? null : (JSON.parse(text) as unknown), headers: answer.headers };
};
const post = (alerts: unknown, scope?: Scope | null) => call("POST", "/alertmanager/api/v2/alerts", alerts, scope);
const hook = (alerts: readonly unknown[], more: object = {}) =>
  call("POST", "/hooks/alertmanager", { version: "4", status: "firing", receiver: "nines", alerts, ...more });
const iso = (ms: number) => new Date(ms).toISOString();
const list = async (name: string): Promise<ExternalAlertResource[]> => {
  const { body } = await call("GET", "/v1/external-alerts?limit=100");
  const { data } = body as { data: unknown[] };
  return data.map((one) => ExternalAlertResource.parse(one)).filter((alert) => alert.name === name);
};
/** Types of the events about alerts of a name, and how many deliveries each has. */
const eventsOf = (name: string) =>
  db.database.read(async (tx) => {
    const rows = await tx<{ type: keyof typeof EVENT_DATA; data: string; deliveries: number }[]>`
      select type, data::text as data, (select count(*)::int from deliveries d where d.event_id = e.id) as deliveries
        from events e where data ->> 'name' = ${name} order by position`;
    return rows.map(({ type, data, deliveries }) => {
      EVENT_DATA[type].parse(JSON.parse(data));
      return [type, deliveries] as const;
    });
  });
const NEVER = "0001-01-01T00:00:00Z";

test("an alert that Prometheus posts again and again is one episode with two events, each delivered once", async () => {
  const startsAt = iso(systemClock.now() - 90 * SECOND_MS);
  const labels = { alertname: "DiskFull", service: "shop", severity: "critical", empty: "" };
  const firing = {
    labels,
    annotations: { summary: "the disk is full" },
    startsAt,
    endsAt: iso(systemClock.now() + 4 * MINUTE_MS),
  };
  const answers = await Promise.all(Array.from({ length: 8 }, () => post([firing])));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
  // A replica that saw it begin a moment later sends the same label set.
  await post([{ ...firing, startsAt: iso(Date.parse(startsAt) + 1_500) }]);
  const over = { ...firing, endsAt: iso(systemClock.now()) };
  await post([over]);
  await post([over]);
  // Sent before, but arrived after: what its sender ended stays so.
  await post([firing]);
  expect(await list("DiskFull")).toEqual([
    expect.objectContaining({
      state: "resolved",
      resolveReason: "sender",
      serviceId: "shop",
      severity: "page",
      startsAt,
      endsAt: over.endsAt,
      labels: { alertname: "DiskFull", service: "shop", severity: "critical" },
    }),
  ]);
  expect(await eventsOf("DiskFull")).toEqual([
    ["external_alert.firing", 1],
    ["external_alert.resolved", 1],
  ]);
});

test("the webhook of an Alertmanager is taken in with and without the keys of newer releases", async () => {
  const labels = { alertname: "HighLoad", instance: "a" };
  const alert = {
    status: "firing",
    labels,
    annotations: {},
    startsAt: "2026-11-03T14:02:00.123456789+09:00",
    endsAt: NEVER,
    generatorURL: "http://prometheus/graph",
    fingerprint: "0000000000000000",
  };
  expect(await hook([alert])).toMatchObject({
    status: 200,
    body: { opened: 1, refreshed: 0, resolved: 0, ignored: 0 },
  });
  const newer = { notification_reason: "repeat interval elapsed", routeLabels: { team: "a" }, truncatedAlerts: 0 };
  expect(await hook([alert], newer)).toMatchObject({ status: 200, body: { opened: 0, refreshed: 1 } });
  const [stored] = await list("HighLoad");
  expect(stored).toMatchObject({
    state: "firing",
    source: "webhook",
    startsAt: "2026-11-03T05:02:00.123Z",
    severity: null,
    serviceId: null,
  });
  const ended = {
    ...alert,
    status: "resolved",
    endsAt: iso(Math.max(systemClock.now(), Date.parse("2026-11-03T06:00:00Z"))),
  };
  expect(await hook([ended], { status: "resolved" })).toMatchObject({ status: 200 });
  expect(await hook([], { version: "3" })).toMatchObject({ status: 400 });
});

test("what nothing is heard of for five minutes ends, and fires anew with events of its own when it is sent again", async () => {
  const labels = { alertname: "Silent" };
  const startsAt = iso(systemClock.now());
  await post([{ labels, startsAt }]);
  const lease = await acquireLease(db.database, { name: "engine", holder: "test", ttlMs: 60_000 });
  if (lease === null) throw new Error("the lease is held");
  const expire = (ms: number) =>
    expireExternalAlerts({ database: db.database, lease, now: addMs(epochMs(systemClock.now()), ms) });
  expect(await expire(4 * MINUTE_MS)).toMatchObject({ ended: 0 });
  expect(await expire(6 * MINUTE_MS)).toMatchObject({ ended: 1 });
  expect(await expire(6 * MINUTE_MS)).toMatchObject({ ended: 0 });
  await post([{ labels, startsAt }]);
  expect((await list("Silent")).map(({ state, resolveReason }) => [state, resolveReason])).toEqual([
    ["firing", null],
    ["resolved", "timeout"],
  ]);
  expect((await eventsOf("Silent")).map(([type]) => type)).toEqual([
    "external_alert.firing",
    "external_alert.resolved",
    "external_alert.firing",
  ]);
});

test("an alert that is late by hours is kept without telling anybody; one that is late by more than a day is not", async () => {
  const ago = (hours: number) => iso(systemClock.now() - hours * 60 * MINUTE_MS);
  const late = (name: string, hours: number) => ({
    labels: { alertname: name },
    startsAt: ago(hours + 1),
    endsAt: ago(hours),
  });
  expect((await post([late("Late", 23), late("TooLate", 25)])).status).toBe(200);
  expect(await list("Late")).toEqual([expect.objectContaining({ state: "resolved" })]);
  expect(await eventsOf("Late")).toEqual([["external_alert.resolved", 0]]);
  expect(await list("TooLate")).toEqual([]);
});

test("what is wrong with one alert keeps no other out and is named; our own alerts do not come back to us", async () => {
  const answer = await post([
    { labels: {} },
    { labels: { alertname: "Fine" } },
    { labels: { alertname: "Bad", n: 3 } },
    { labels: { alertname: "NinesAlert", nines_id: "alt_1" } },
  ]);
  expect(answer).toMatchObject({ status: 400, body: expect.stringContaining("alerts[2].labels.n") as unknown });
  expect(await list("Fine")).toHaveLength(1);
  expect(await list("NinesAlert")).toEqual([]);
  expect((await post({ not: "a list" })).status).toBe(400);
  expect((await post("[")).status).toBe(400);
});

test("a text that cannot be stored is the fault of its alert, never a fault of ours that is sent again for ever", async () => {
  const half = JSON.parse('"a\\ud800b"') as string;
  const long = `${"x".repeat(15_999)}\u{1f525}`;
  const answer = await post([
    { labels: { alertname: "Whole" }, annotations: { summary: half, description: long } },
    { labels: { alertname: half } },
    { labels: { [half]: "x" } },
    { labels: { alertname: "Linked" }, generatorURL: half },
  ]);
  expect(answer.status).toBe(400);
  expect(String(answer.body).match(/alerts\[[123]\]/g)).toEqual(["alerts[1]", "alerts[2]", "alerts[3]"]);
  expect(await list("Whole")).toMatchObject([{ annotations: { summary: "a\ufffdb" } }]);
});

test("alerts are taken in and shown with the right key only, and what does not exist is 404 before that", async () => {
  expect((await post([], null)).status).toBe(401);
  expect((await post([], "alerts:read")).status).toBe(403);
  expect((await post([], "silences:write")).status).toBe(403);
  expect((await call("GET", "/alertmanager/api/v2/alerts", undefined, null)).status).toBe(401);
  expect((await call("GET", "/alertmanager/api/v2/nothing", undefined, null)).status).toBe(404);
  expect((await call("GET", "/hooks/other", undefined, null)).status).toBe(404);
  expect((await call("GET", "/hooks/alertmanager", undefined, null)).status).toBe(405);
  expect((await call("POST", "/alertmanager/api/v2/silences", {}, "alerts:write")).status).toBe(405);
});

test("alerts that fire are shown in the shape of Alertmanager, filtered by matchers", async () => {
  await post([
    { labels: { alertname: "Shown", tier: "1" }, annotations: { summary: "x" } },
    { labels: { alertname: "Shown", tier: "2" } },
  ]);
  const ask = async (...filters: string[]) => {
    const query = filters.map((filter) => `filter=${encodeURIComponent(filter)}`).join("&");
    const { status, body } = await call("GET", `/alertmanager/api/v2/alerts?${query}`, undefined, "alerts:read");
    return status === 200 ? (body as { labels: { tier: string } }[]).map(({ labels }) => labels.tier).sort() : status;
  };
  expect(await ask('alertname="Shown"')).toEqual(["1", "2"]);
  expect(await ask('alertname="Shown"', 'tier=~"[1]"')).toEqual(["1"]);
  expect(await ask("alertname=Shown", 'tier!~"1|3"')).toEqual(["2"]);
  expect(await ask('alertname="Shown"', 'other=""', 'tier!="1"')).toEqual(["2"]);
  expect(await ask('tier=~"("')).toBe(400);
  const groups = await call("GET", "/alertmanager/api/v2/alerts/groups?filter=tier%3D1", undefined, "alerts:read");
  expect(groups.body).toMatchObject([
    { labels: {}, receiver: { name: "nines" }, alerts: [{ status: { state: "active" } }] },
  ]);
});

test("a request beyond those under way is answered with 503 and asked to come again, never with 429", async () => {
  // Bodies that never end hold the places; whoever is sent away tries again.
  const stopping = new AbortController();
  const { signal } = stopping;
  const headers = { authorization: `Bearer ${tokens["alerts:write"]}`, "content-type": "application/json" };
  const hold = async (): Promise<void> => {
    while (!signal.aborted) {
      const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("[")) });
      const init = { method: "POST", body, headers, duplex: "half", signal } as RequestInit;
      await fetch(`${site.url}/alertmanager/api/v2/alerts`, init).catch(() => null);
    }
  };
  const held = Array.from({ length: 16 }, hold);
  await vi.waitFor(async () => {
    const answer = await post([{ labels: { alertname: "Overload" } }]);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
  }, 10_000);
  stopping.abort();
  await Promise.all(held);
  await vi.waitFor(async () => expect((await post([{ labels: { alertname: "Overload" } }])).status).toBe(200), 10_000);
});
