import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deleteOldAnswers } from "#db/queries/idempotency.ts";
import { runIdempotent } from "#lib/commands/idempotent.ts";
import { ProblemDetail } from "#lib/contracts/api.ts";
import { ApiKeyResource, NewApiKeyResource } from "#lib/contracts/api-keys.ts";
import type { Scope } from "#lib/core/access/authorise.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";
import { makeApiKey } from "./api-world.ts";

let db: TestDatabase;
let site: TestSite;

let writer: string;

const makeKey = (scopes: readonly Scope[]) => makeApiKey(db, scopes);

type Call = { token?: string; body?: unknown; raw?: string; headers?: Record<string, string> };
const call = async (method: string, path: string, { token, body, raw, headers = {} }: Call = {}) => {
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const answer = await fetch(`${site.url}${path}`, {
    method,
    ...(payload === undefined ? {} : { body: payload }),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(payload === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
  });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? null : (JSON.parse(text) as unknown), headers: answer.headers };
};
const countKeys = async (name: string): Promise<number> => {
  const rows = await db.database.read(
    (sql) => sql<{ n: number }[]>`select count(*)::int as n from api_keys where name = ${name}`,
  );
  return rows[0]?.n ?? 0;
};

beforeAll(async () => {
  db = await testDatabase();
  writer = (await makeKey(["keys:write", "keys:read"])).token;
  site = await startTestSite({ snapshot: null, database: db.database });
});
afterAll(async () => {
  await site.stop();
  await db.drop();
});

describe("a key", () => {
  test("is shown once, hands out only what it holds, and every change is in the audit log", async () => {
    const token = (await makeKey(["keys:write", "silences:read"])).token;
    const made = await call("POST", "/v1/keys", { token, body: { name: "grafana", scopes: ["silences:read"] } });
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe("/v1/keys");
    expect(made.headers.get("cache-control")).toBe("no-store");
    const key = NewApiKeyResource.parse(made.body);
    expect(key.token).toMatch(/^nk_live_[\w-]{43}$/);
    const listed = await call("GET", "/v1/keys?limit=100", { token });
    const { data } = listed.body as { data: unknown[] };
    expect(data.map((entry) => ApiKeyResource.parse(entry).id)).toContain(key.id);
    expect(JSON.stringify(listed.body)).not.toContain(key.token);
    const more = await call("POST", "/v1/keys", { token, body: { name: "more", scopes: ["statements:write"] } });
    expect(more.status).toBe(403);
    expect((await call("DELETE", `/v1/keys/${key.id}`, { token })).status).toBe(204);
    expect((await call("DELETE", `/v1/keys/${key.id}`, { token })).status).toBe(204);
    const rows = await db.database.read(
      (sql) => sql<{ action: string; after: string }[]>`
        select action, coalesce(after, '{}')::text as after from audit_log where subject = ${key.id} order by position`,
    );
    expect(rows.map(({ action }) => action)).toEqual(["api_key.created", "api_key.revoked"]);
    expect(JSON.stringify(rows)).not.toContain(key.token);
  });

  test("that is rotated goes on for its grace, and is rotated once", async () => {
    const token = (await makeKey(["keys:write"])).token;
    const old = await makeKey(["keys:read"]);
    const made = NewApiKeyResource.parse((await call("POST", `/v1/keys/${old.id}/rotate`, { token })).body);
    expect(made).toMatchObject({ name: old.name, scopes: ["keys:read"] });
    expect((await call("GET", "/v1/keys", { token: old.token })).status).toBe(200);
    expect((await call("GET", "/v1/keys", { token: made.token })).status).toBe(200);
    expect((await call("POST", `/v1/keys/${old.id}/rotate`, { token })).status).toBe(409);
    const gone = await call("POST", `/v1/keys/${made.id}/rotate`, { token, body: { graceDays: 0 } });
    expect(gone.status).toBe(201);
    expect((await call("GET", "/v1/keys", { token: made.token })).status).toBe(401);
  });

  test("is locked to the version of its making, and goes to a newer one when it is asked to, never back", async () => {
    const key = await makeKey(["keys:read"]);
    const version = async () => (await call("GET", "/v1/keys", { token: key.token })).headers.get("api-version");
    expect(key.apiVersion).toBe("2026-11-01");
    expect(await version()).toBe("2026-11-01");
    const lock = (to: string) =>
      db.database.transaction((tx) => tx`update api_keys set api_version = ${to} where id = ${key.id}`);
    const upgrade = () => call("PATCH", `/v1/keys/${key.id}`, { token: writer, body: { apiVersion: "2026-11-01" } });
    await lock("2025-01-01");
    const changed = await upgrade();
    expect(ApiKeyResource.parse(changed.body)).toMatchObject({ id: key.id, apiVersion: "2026-11-01", name: key.name });
    await lock("2099-01-01");
    expect((await upgrade()).status).toBe(409);
    const named = await call("PATCH", `/v1/keys/${key.id}`, { token: writer, body: { name: "renamed" } });
    expect(named.body).toMatchObject({ name: "renamed", apiVersion: "2099-01-01" });
    for (const apiVersion of ["2020-01-01", "newest"])
      expect((await call("PATCH", `/v1/keys/${key.id}`, { token: writer, body: { apiVersion } })).status).toBe(400);
    expect((await call("PATCH", "/v1/keys/nobody", { token: writer, body: { name: "x" } })).status).toBe(404);
  });

  test("notes when it was used", async () => {
    const key = await makeKey(["keys:read"]);
    await call("GET", "/v1/keys", { token: key.token });
    const { body } = await call("GET", "/v1/keys?limit=100", { token: key.token });
    const { data } = body as { data: ApiKeyResource[] };
    expect(data.find(({ id }) => id === key.id)?.lastUsedAt).not.toBeNull();
  });
});

describe("bodies", () => {
  const post = (args: Call) => call("POST", "/v1/keys", { token: writer, ...args });

  test.each([
    { name: "another type", args: { raw: "name=x", headers: { "content-type": "text/plain" } }, status: 415 },
    { name: "more than a megabyte", args: { raw: `"${"x".repeat(1_000_001)}"` }, status: 413 },
    { name: "33 levels", args: { raw: `${"[".repeat(33)}${"]".repeat(33)}` }, status: 400 },
    { name: "no JSON", args: { raw: "{" }, status: 400 },
    { name: "a list", args: { raw: "[]" }, status: 400 },
  ])("$name is refused", async ({ args, status }) => {
    const answer = await post(args);
    expect(answer.status).toBe(status);
    ProblemDetail.parse(answer.body);
  });

  test("every fault is named at once, with its field", async () => {
    const answer = await call("POST", "/v1/keys?x=1", {
      token: writer,
      body: { name: " ", scopes: ["all"], expiresAt: "soon", extra: 1 },
    });
    expect(answer.status).toBe(400);
    expect(
      ProblemDetail.parse(answer.body)
        .errors.map(({ field }) => field)
        .sort(),
    ).toEqual(["expiresAt", "extra", "name", "scopes.0", "x"]);
  });

  test("a key that stands twice is refused by its place, also where one of the two is spelt in escapes", async () => {
    const raw = '{"name":"a","scopes":["keys:read"],"\\u006eame":"b"}';
    const answer = await post({ raw });
    expect(answer.status).toBe(400);
    expect(ProblemDetail.parse(answer.body).errors).toMatchObject([{ field: "name", code: "duplicate" }]);
  });

  test("a prototype in a body is an unknown field and pollutes nothing", async () => {
    const raw = '{"name":"p","scopes":["keys:read"],"__proto__":{"polluted":1},"constructor":{}}';
    expect((await post({ raw })).status).toBe(400);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test("an operation without a body takes none", async () => {
    const answer = await call("DELETE", "/v1/keys/nobody", { token: writer, body: { a: 1 } });
    expect(answer.status).toBe(400);
  });
});

describe("an Idempotency-Key", () => {
  const body = (name: string) => ({ name, scopes: ["keys:read"] });
  const post = (key: string, name: string, token = writer) =>
    call("POST", "/v1/keys", { token, body: body(name), headers: { "idempotency-key": key } });

  test("does the same request once and answers the same, secret included, without storing it in the clear", async () => {
    const first = await post("a-1", "once");
    const second = await post("a-1", "once");
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get("location")).toBe(first.headers.get("location"));
    expect([first, second].map(({ headers }) => headers.get("idempotency-replayed"))).toEqual([null, "true"]);
    expect(await countKeys("once")).toBe(1);
    const rows = await db.database.read((sql) => sql<{ answer: string }[]>`select answer from idempotency_keys`);
    expect(JSON.stringify(rows)).not.toContain("nk_live_");
  });

  test("is the caller's own", async () => {
    const token = (await makeKey(["keys:write", "keys:read"])).token;
    await post("shared", "of-two");
    expect((await post("shared", "of-two", token)).headers.get("idempotency-replayed")).toBeNull();
    expect(await countKeys("of-two")).toBe(2);
  });

  test("belongs to one request", async () => {
    await post("a-2", "first");
    const other = await post("a-2", "second");
    expect(other.status).toBe(422);
    expect(ProblemDetail.parse(other.body).code).toBe("IDEMPOTENCY_KEY_REUSED");
    expect(await countKeys("second")).toBe(0);
  });

  test("of twenty at once one is done; the others get its answer or are told that it is in flight", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => post("a-3", "twenty")));
    expect(await countKeys("twenty")).toBe(1);
    expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
    const made = answers
      .filter(({ status }) => status === 201)
      .map(({ body: answer }) => (answer as { id: string }).id);
    expect(new Set(made).size).toBe(1);
  });

  test("of a request that failed is free again", async () => {
    const bad = await call("POST", "/v1/keys", {
      token: writer,
      body: { name: "late", scopes: ["keys:read"], expiresAt: "2020-01-01T00:00:00Z" },
      headers: { "idempotency-key": "a-4" },
    });
    expect(bad.status).toBe(400);
    expect((await post("a-4", "late")).status).toBe(201);
  });

  test("is forgotten after a day: by the next request, and by housekeeping", async () => {
    const now = systemClock.now();
    const ask = (at: EpochMs, request: string) =>
      runIdempotent(db.database, { principalId: "key_old", token: "secret", key: "k", request, now: at }, () =>
        Promise.resolve(request),
      );
    expect(await ask(now, "first")).toEqual({ answer: "first", isReplay: false });
    expect(await ask(addMs(now, DAY_MS - 1), "first")).toEqual({ answer: "first", isReplay: true });
    expect(await ask(addMs(now, DAY_MS), "second")).toEqual({ answer: "second", isReplay: false });
    const clean = (at: EpochMs) => db.database.transaction((tx) => deleteOldAnswers(tx, { now: at, limit: 1_000 }));
    await clean(addMs(now, 2 * DAY_MS - 1));
    expect(await ask(addMs(now, DAY_MS + 1), "second")).toMatchObject({ isReplay: true });
    expect(await clean(addMs(now, 2 * DAY_MS))).toBe(1);
  });

  test("must be a plain word", async () => {
    expect((await post("two words", "words")).status).toBe(400);
    expect((await post("x".repeat(256), "long")).status).toBe(400);
  });
});
