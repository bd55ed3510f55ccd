import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import type { HeartbeatProbeDefinition } from "#lib/core/definitions.ts";
import { durationMs } from "#lib/core/units.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { sampleConfig, sampleService } from "#test/support/sample-config.ts";
import { startStopwatch } from "#test/support/stopwatch.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { waitFor } from "#test/support/wait-for.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { absentDatabase, startTestSite } from "#test/support/web-site.ts";

const TOKEN = "5f2b9c1e-canary-4d9f-8a3b-0123456789ab";
const KEY = "canaryKeyOfAProject123";
const heartbeat = (id: string, token: string): HeartbeatProbeDefinition => ({
  type: "heartbeat",
  id,
  intervalMs: durationMs(60_000),
  timeoutMs: durationMs(10_000),
  locations: ["fra"],
  schedule: { kind: "interval", everyMs: durationMs(60_000) },
  graceMs: durationMs(60_000),
  token,
});
let db: TestDatabase;
let site: TestSite;

type Row = Readonly<Record<string, unknown>>;
const stored = () =>
  db.database.read(
    (sql) => sql<Row[]>`
      select p.id, h.kind, h.via, h.exit_code, h.duration_us, h.run_id::text as run_id, host(h.remote) as remote, h.message
        from heartbeats h join probes p on p.no = h.probe_no order by h.seq`,
  );
const last = async () => (await stored()).at(-1);
const ask = async (path: string, init: RequestInit = {}) => {
  const answer = await fetch(`${site.url}${path}`, init);
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
};
const gatus = (query: string, authorization: string | null = `Bearer ${TOKEN}`, key = "core_backup") =>
  ask(`/api/v1/endpoints/${key}/external${query}`, {
    method: "POST",
    headers: authorization === null ? {} : { authorization },
  });

beforeAll(async () => {
  db = await testDatabase();
  const probes = [heartbeat("backup", TOKEN), heartbeat("report", `${KEY}_nightly-report`)];
  const config = sampleConfig({ services: [sampleService({ probes, slos: [] })] });
  const secretBox = createSecretBox(randomBytes(32));
  await db.database.transaction((tx) => applyConfig(tx, { config, now: systemClock.now(), secretBox }));
  site = await startTestSite({ database: db.database });
  await waitFor("the tokens to be known", async () => (await ask(`/ping/${TOKEN}/log`)).status === 200);
});
afterAll(async () => {
  await site.stop();
  await db.drop();
});

describe("Uptime Kuma's address", () => {
  test.each(["GET", "POST", "PUT", "HEAD", "PATCH", "DELETE", "OPTIONS"])("takes %s", async (method) => {
    const before = (await stored()).length;
    const answer = await ask(`/api/push/${TOKEN}?status=up&msg=${method}&ping=12.5`, { method });
    expect(answer).toMatchObject({ status: 200, text: method === "HEAD" ? "" : '{"ok":true}' });
    expect(answer.headers.get("content-type")).toContain("application/json");
    expect((await stored()).length).toBe(before + 1);
    expect(await last()).toMatchObject({
      id: "backup",
      kind: "ok",
      via: "kuma",
      message: method,
      duration_us: 12_500n,
    });
    expect((await last())?.remote).toBe("127.0.0.1");
  });

  test("counts anything but up as down, and refuses an unknown token and a ping that cannot be", async () => {
    expect((await ask(`/api/push/${TOKEN}?status=pending`)).status).toBe(200);
    expect(await last()).toMatchObject({ kind: "fail", message: "OK" });
    const before = (await stored()).length;
    for (const token of ["0123456789abcdef-unknown", "x", "%27%20or%201=1", `${TOKEN}x`]) {
      expect(await ask(`/api/push/${token}`)).toMatchObject({
        status: 404,
        text: '{"ok":false,"msg":"Monitor not found or not active."}',
      });
    }
    expect(await ask(`/api/push/${TOKEN}?ping=-5`)).toMatchObject({
      status: 404,
      text: '{"ok":false,"msg":"Invalid ping value. Must be between 0 and 100000000000 ms."}',
    });
    expect((await stored()).length).toBe(before);
  });
});

describe("Gatus' address", () => {
  test("takes results with the token as bearer", async () => {
    expect(await gatus("?success=true&duration=10s")).toMatchObject({ status: 200, text: "" });
    expect(await last()).toMatchObject({ kind: "ok", via: "gatus", duration_us: 10_000_000n, message: null });
    expect((await gatus("?success=false&error=disk%20full")).status).toBe(200);
    expect(await last()).toMatchObject({ kind: "fail", message: "disk full", duration_us: null });
  });

  test("refuses as Gatus does", async () => {
    const before = (await stored()).length;
    expect(await gatus("?success=true", null)).toMatchObject({ status: 401, text: "invalid Authorization header" });
    expect(await gatus("?success=true", "Basic abc")).toMatchObject({ status: 401 });
    expect(await gatus("?success=true", "Bearer unknown-token-0123456789")).toMatchObject({
      status: 404,
      text: "not found",
    });
    expect(await gatus("?success=maybe")).toMatchObject({
      status: 400,
      text: "missing or invalid success query parameter",
    });
    expect(await gatus("?success=true&duration=ten")).toMatchObject({ status: 400 });
    expect((await ask("/api/v1/endpoints/core_backup/external?success=true")).status).toBe(405);
    expect((await stored()).length).toBe(before);
  });
});

describe("Healthchecks' address", () => {
  test.each([
    ["", { kind: "ok", exit_code: null }],
    [
      "/start?rid=728b3763-ec80-4113-9fc0-f49b3adf226a",
      { kind: "start", run_id: "728b3763-ec80-4113-9fc0-f49b3adf226a" },
    ],
    ["/fail", { kind: "fail" }],
    ["/log", { kind: "log" }],
    ["/0", { kind: "ok", exit_code: 0 }],
    ["/17", { kind: "fail", exit_code: 17 }],
  ])("takes /ping/<token>%s with words in the body", async (tail, expected) => {
    const answer = await ask(`/ping/${TOKEN}${tail}`, { method: "POST", body: "all 한글 words\u0000" });
    expect(answer).toMatchObject({ status: 200, text: "OK" });
    expect(await last()).toMatchObject({ id: "backup", via: "healthchecks", message: "all 한글 words", ...expected });
  });

  test("takes GET and HEAD, and a project's key with a slug", async () => {
    expect(await ask(`/ping/${TOKEN}`)).toMatchObject({ status: 200, text: "OK" });
    expect((await ask(`/ping/${TOKEN}`, { method: "HEAD" })).status).toBe(200);
    expect((await ask(`/ping/${KEY}/nightly-report/3?create=1`)).status).toBe(200);
    expect(await last()).toMatchObject({ id: "report", kind: "fail", exit_code: 3 });
  });

  test("keeps the first 100 kB of a body, whole characters only, and answers however long it is", async () => {
    const body = `x${"é".repeat(200_000)}`;
    expect((await ask(`/ping/${TOKEN}/log`, { method: "POST", body })).status).toBe(200);
    const message = String((await last())?.message);
    expect(Buffer.byteLength(message)).toBe(99_999);
    expect(body.startsWith(message)).toBe(true);
    expect((await ask(`/ping/${TOKEN}`, { method: "POST", body: Buffer.alloc(150_000, 0xff) })).status).toBe(200);
  });

  test("refuses what Healthchecks refuses", async () => {
    const before = (await stored()).length;
    for (const [path, status, text] of [
      ["/ping/00000000-0000-4000-8000-000000000000", 404, "not found"],
      [`/ping/${TOKEN}/256`, 400, "invalid url format"],
      [`/ping/${TOKEN}?rid=1`, 400, "invalid uuid format"],
      [`/ping/${KEY}/no-such-slug`, 404, "not found"],
      [`/ping/${TOKEN}/start/4/5`, 404, "not found"],
    ] as const)
      expect(await ask(path)).toMatchObject({ status, text });
    expect((await stored()).length).toBe(before);
  });
});

test("no line of the access log holds a token, whatever the address was", async () => {
  for (const path of [
    `/api/push/${TOKEN}`,
    `/ping/${TOKEN}/fail`,
    `/ping//${TOKEN}`,
    `/api/push/${TOKEN}%zz`,
    `/ping/${TOKEN}/a/b/c`,
  ])
    await ask(path);
  expect(site.accessLines.length).toBeGreaterThan(20);
  expect(site.accessLines.join("")).not.toContain("canary");
  expect(site.accessLines.join("")).toContain("/api/push/[hidden]");
});

test("a thousand pings at once are all stored, in few transactions, while others are answered", async () => {
  const before = (await stored()).length;
  const elapsedMs = startStopwatch();
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, (_, index) => ask(`/api/push/${TOKEN}?msg=${index}`).then(({ status }) => status)),
  );
  expect(new Set(answers)).toEqual(new Set([200]));
  expect((await stored()).length).toBe(before + 1_000);
  expect(elapsedMs()).toBeLessThan(10_000);
});

test("hearing is noted while the service runs", async () => {
  await waitFor("a span of hearing", async () => {
    const rows = await db.database.read(
      (sql) => sql<{ ms: number }[]>`
        select (extract(epoch from heard_until - began_at) * 1000)::int as ms from hearing_spans`,
    );
    return rows.length === 1 && (rows[0]?.ms ?? 0) >= 900;
  });
});

test("while the database is away nothing is acknowledged: 503 with Retry-After, in the form of each tool", async () => {
  const away = absentDatabase();
  let isAway = false;
  const database = {
    ...db.database,
    read: ((work, options) => (isAway ? away.read(work) : db.database.read(work, options))) as typeof away.read,
    transaction: ((work, options) =>
      isAway ? away.transaction(work) : db.database.transaction(work, options)) as typeof away.transaction,
  };
  const other = await startTestSite({ database });
  try {
    const get = (path: string, init: RequestInit = {}) => fetch(`${other.url}${path}`, init);
    await waitFor("the tokens to be known", async () => (await get(`/api/push/${TOKEN}`)).status === 200);
    const before = (await stored()).length;
    isAway = true;
    const kuma = await get(`/api/push/${TOKEN}`);
    expect([kuma.status, kuma.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await kuma.json()).toEqual({ ok: false, msg: expect.any(String) });
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect((await get("/api/v1/endpoints/a_b/external?success=true", { method: "POST", headers })).status).toBe(503);
    expect((await get(`/ping/${TOKEN}`)).status).toBe(503);
    expect((await get("/ping/00000000-0000-4000-8000-000000000000")).status).toBe(404);
    isAway = false;
    expect((await stored()).length).toBe(before);
    expect((await get(`/ping/${TOKEN}`)).status).toBe(200);
  } finally {
    await other.stop();
  }
});
