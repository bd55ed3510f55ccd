import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKey } from "#lib/commands/api-keys/create-key.ts";
import { revokeKey } from "#lib/commands/api-keys/end-key.ts";
import { ProblemDetail } from "#lib/contracts/api.ts";
import { V1_OPERATIONS } from "#lib/contracts/operations.ts";
import type { Scope } from "#lib/core/access/authorise.ts";
import { authorise, SCOPES } from "#lib/core/access/authorise.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";

// Thousands of requests: apart from what else is tested of the API, so that that fails at once.

let db: TestDatabase;
let site: TestSite;
const tokens = new Map<Scope, string>();
let expired: string;
let revoked: string;

const makeKey = (scopes: readonly Scope[], now = systemClock.now(), lifeMs: number | null = null) =>
  db.database.transaction((tx) =>
    createKey(tx, {
      name: `for ${scopes.join(" ")}`.slice(0, 100),
      scopes,
      expiresAt: lifeMs === null ? null : addMs(now, lifeMs),
      actor: "cli",
      now,
      randomBytes,
    }),
  );

type Call = { token?: string | undefined; body?: unknown; headers?: Record<string, string> };
const call = async (method: string, path: string, { token, body, headers = {} }: Call = {}) => {
  const answer = await fetch(`${site.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
  });
  const isProblem = answer.headers.get("content-type")?.startsWith("application/problem+json") === true;
  // Streams do not end by themselves, and files are no single JSON value.
  if (!isProblem) await answer.body?.cancel();
  const problem = isProblem ? ProblemDetail.parse(await answer.json()) : null;
  return { status: answer.status, problem, headers: answer.headers };
};

beforeAll(async () => {
  db = await testDatabase();
  for (const scope of SCOPES) tokens.set(scope, (await makeKey([scope])).token);
  expired = (await makeKey(SCOPES, addMs(systemClock.now(), -DAY_MS), 1_000)).token;
  const gone = await makeKey(SCOPES);
  revoked = gone.token;
  await db.database.transaction((tx) => revokeKey(tx, { id: gone.id, actor: "cli", now: systemClock.now() }));
  site = await startTestSite({ snapshot: null, database: db.database });
});
afterAll(async () => {
  await site.stop();
  await db.drop();
});

describe("who may do what, for every operation of the table", () => {
  const pathOf = (path: string): string => path.replaceAll(/\{\w+\}/g, "nobody");
  const operations = V1_OPERATIONS.map((operation) => ({
    ...operation,
    name: `${operation.method} ${operation.path}`,
  }));

  test.each(operations)("$name", async (operation) => {
    const { method, scope } = operation;
    const path = pathOf(operation.path);
    const refuses = async (token: string | undefined): Promise<void> => {
      const { status, headers, problem } = await call(method, path, { token });
      expect(status, token).toBe(401);
      expect(headers.get("www-authenticate")).toMatch(/^Bearer realm="nines"/);
      expect(problem?.code).toBe("UNAUTHENTICATED");
    };
    const judges = async ([held, token]: readonly [Scope, string]): Promise<void> => {
      const { status, headers } = await call(method, path, { token });
      const { kind } = authorise({ kind: "key", id: "k", name: "k", scopes: [held] }, operation);
      if (kind === "forbidden") {
        expect(status, held).toBe(403);
        expect(headers.get("www-authenticate")).toContain(`error="insufficient_scope", scope="${scope}"`);
      } else expect([401, 403], held).not.toContain(status);
    };
    const refused = scope === null ? [] : [undefined, expired, revoked, "nk_live_nonsense", "a.b.c"];
    await Promise.all(refused.map(refuses));
    await Promise.all([...tokens].map(judges));
    if (scope === null) expect([401, 403]).not.toContain((await call(method, path)).status);
  });

  test("what cannot be seen is not found before anybody is asked who they are", async () => {
    expect((await call("POST", "/v1/nothing", { body: {} })).status).toBe(404);
    const wrong = await call("PUT", "/v1/keys", { body: {} });
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get("allow")).toBe("GET, HEAD, POST");
    expect((await call("DELETE", "/v1/locations")).headers.get("allow")).toBe("GET, HEAD");
  });

  test("a cookie opens nothing", async () => {
    expect((await call("GET", "/v1/keys", { headers: { cookie: "nines_session=x" } })).status).toBe(401);
  });
});
