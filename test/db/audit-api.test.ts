import { randomBytes } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insertAudit } from "#db/queries/audit.ts";
import { createSignInLink } from "#lib/commands/sign-in.ts";
import { AuditEntryResource } from "#lib/contracts/audit.ts";
import { V1_OPERATIONS } from "#lib/contracts/operations.ts";
import { UserResource } from "#lib/contracts/users.ts";
import { authorise } from "#lib/core/access/authorise.ts";
import type { Role } from "#lib/core/identity/roles.ts";
import { ROLES, scopesOfRole } from "#lib/core/identity/roles.ts";
import { epochMs } from "#lib/core/units.ts";
import { verifyAudit } from "#lib/read/verify-audit.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";

let db: TestDatabase;
let site: TestSite;
const cookies = new Map<Role, string>();

const signIn = async (userId: string | null): Promise<string> => {
  const args = { now: systemClock.now(), actor: "cli", randomBytes, userId };
  const { token } = await createSignInLink(db.database, args);
  const answer = await fetch(`${site.url}/admin/session`, {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams({ token }),
  });
  return (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
};
type Call = { cookie?: string; body?: unknown; headers?: Record<string, string> };
const call = async (method: string, path: string, { cookie, body, headers }: Call = {}) => {
  const answer = await fetch(`${site.url}${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(cookie === undefined ? {} : { cookie }),
      ...(headers ?? { "sec-fetch-site": "same-origin" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const isJson = (answer.headers.get("content-type") ?? "").includes("json") && !text.includes("\n{");
  return { status: answer.status, text, body: isJson ? (JSON.parse(text) as never) : null, headers: answer.headers };
};
const admin = (): string => cookies.get("admin") as string;

beforeAll(async () => {
  db = await testDatabase();
  site = await startTestSite({ snapshot: null, database: db.database });
  cookies.set("admin", await signIn(null));
  for (const role of ROLES.slice(0, 3)) {
    const body = { login: role, name: role, role };
    const made = await call("POST", "/admin/api/v1/users", { cookie: admin(), body });
    expect(made.status).toBe(201);
    cookies.set(role, await signIn(UserResource.parse(made.body).id));
  }
});
afterAll(async () => {
  await site.stop();
  await db.drop();
});

describe("the way in of the dashboards", () => {
  const operations = V1_OPERATIONS.map((operation) => ({
    ...operation,
    path: operation.path.replaceAll(/\{\w+\}/g, "nobody"),
    name: `${operation.method} ${operation.path}`,
  }));

  type Operation = (typeof operations)[number];
  /** What is wrong with one operation; nothing when it is opened to whom it should be. */
  const faultsOf = async (operation: Operation): Promise<string[]> => {
    const path = `/admin/api${operation.path}`;
    const { method, name } = operation;
    const statusOf = async (asked: Call = {}) => (await call(method, path, asked)).status;
    const strangers: [string, Call, number][] = [
      ["without a session", {}, 401],
      ["from another site", { cookie: admin(), headers: { "sec-fetch-site": "cross-site" } }, 403],
      ...(method === "GET" ? [] : [["without a word of the browser", { cookie: admin(), headers: {} }, 403] as const]),
    ].map(([who, asked, wanted]) => [who, asked, wanted] as [string, Call, number]);
    const faults: string[] = [];
    for (const [who, asked, wanted] of strangers) {
      const status = await statusOf(asked);
      if (status !== wanted) faults.push(`${name} ${who}: ${status}`);
    }
    for (const [role, cookie] of operation.path.includes("/live") ? [] : cookies) {
      const principal = { kind: "user", id: "u", name: "u", scopes: scopesOfRole(role) } as const;
      const status = await statusOf({ cookie });
      const isForbidden = authorise(principal, operation).kind === "forbidden";
      if (isForbidden ? status !== 403 : [401, 403, 500].includes(status)) faults.push(`${name} as ${role}: ${status}`);
    }
    return faults;
  };

  test("every operation takes the scope of the role, a session and a page of ours", async () => {
    const waiting = [...operations];
    const faults: string[] = [];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
        faults.push(...(await faultsOf(next)));
    };
    await Promise.all(Array.from({ length: 12 }, work));
    expect(operations.length).toBeGreaterThan(80);
    expect(faults).toEqual([]);
  });

  test("an Origin of our host is as good, a bearer token and another one are not", async () => {
    const origin = (value: string) => ({ headers: { origin: value }, cookie: admin(), body: {} });
    expect((await call("POST", "/admin/api/v1/users", origin(site.url))).status).toBe(400);
    expect((await call("POST", "/admin/api/v1/users", origin("https://evil.example"))).status).toBe(403);
    const headers = { authorization: "Bearer nk_live_x", "sec-fetch-site": "same-origin" };
    expect((await call("GET", "/admin/api/v1/users", { headers })).status).toBe(401);
    expect((await call("GET", "/v1/users", { cookie: admin() })).status).toBe(401);
  });

  test("the same Idempotency-Key makes one user, and the audit log names the person", async () => {
    const body = { login: "once", name: "Once", role: "viewer" };
    const headers = { "sec-fetch-site": "same-origin", "idempotency-key": "k1" };
    const [a, b] = [
      await call("POST", "/admin/api/v1/users", { cookie: admin(), body, headers }),
      await call("POST", "/admin/api/v1/users", { cookie: admin(), body, headers }),
    ];
    expect([a.status, b.status, b.headers.get("idempotency-replayed")]).toEqual([201, 201, "true"]);
    const { id } = UserResource.parse(a.body);
    const log = await call("GET", `/admin/api/v1/audit?subject=${id}`, { cookie: admin() });
    const { data } = log.body as unknown as { data: unknown[] };
    expect(data.map((entry) => AuditEntryResource.parse(entry).actor)).toEqual([expect.stringMatching(/^user:usr_/)]);
  });
});

describe("the audit log", () => {
  const append = (subject: string, at = systemClock.now()) =>
    db.database.transaction((tx) =>
      insertAudit(tx, { at, actor: "cli", action: "test.done", subject, before: null, after: { formula: "=1+1" } }),
    );

  test("chains rows in the order of commits, thirty at once too, and pages both ways", async () => {
    await Promise.all(Array.from({ length: 30 }, (_, index) => append(`s-${index}`)));
    expect(await verifyAudit(db.database)).toMatchObject({ isWhole: true });
    type Page = { data: AuditEntryResource[]; pagination: { nextCursor: string | null; prevCursor: string | null } };
    const page = async (query: string) =>
      (await call("GET", `/admin/api/v1/audit?action=test.&limit=10${query}`, { cookie: admin() }))
        .body as unknown as Page;
    const first = await page("");
    const second = await page(`&after=${first.pagination.nextCursor}`);
    const back = await page(`&before=${second.pagination.prevCursor}`);
    expect(back.data).toEqual(first.data);
    const places = [...first.data, ...second.data].map(({ chain }) => chain.sequence);
    expect(places).toEqual(places.toSorted((a, b) => b - a));
    expect(new Set(places).size).toBe(20);
  });

  test("is exported as NDJSON that verifies offline and as CSV without formulas", async () => {
    const csv = await call("GET", "/admin/api/v1/audit/export?format=csv", { cookie: admin() });
    expect(csv.headers.get("content-disposition")).toContain("nines-audit.csv");
    expect(csv.text).toContain('"sequence","at","actor"');
    const lines = (await call("GET", "/admin/api/v1/audit/export", { cookie: admin() })).text.trimEnd().split("\n");
    const rows = lines.map((line) => JSON.parse(line) as { chain: { previousHash: string }; text: string });
    expect(rows.length).toBeGreaterThan(30);
    expect(rows[0]?.chain.previousHash).toBe("0".repeat(64));
  });

  test("cannot be changed, removed or emptied by a statement, and tampering breaks the chain", async () => {
    await append("=cmd()", epochMs(1));
    for (const table of ["audit_log", "audit_chain"])
      for (const statement of [
        `update ${table} set created_at = created_at`,
        `delete from ${table}`,
        `truncate ${table} cascade`,
      ])
        await expect(
          db.database.transaction((tx) => tx.unsafe(statement)),
          statement,
        ).rejects.toThrow("append-only");
    await db.database.transaction(async (tx) => {
      await tx`alter table audit_log disable trigger audit_log_is_append_only`;
      await tx`update audit_log set actor = 'nobody' where subject = 's-3'`;
      await tx`alter table audit_log enable trigger audit_log_is_append_only`;
    });
    const verdict = await verifyAudit(db.database);
    expect(verdict).toMatchObject({ isWhole: false, reason: "its content is not what was written" });
  });
});

test("no JWT opens anything until an issuer is configured, whatever its head says", async () => {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  const jwk = await exportJWK(publicKey);
  const good = await new SignJWT({ scope: "users:read" })
    .setProtectedHeader({ alg: "RS256", kid: "a", jwk })
    .setIssuer("x")
    .setExpirationTime("5m")
    .sign(privateKey);
  const none = new UnsecuredJWT({ scope: "users:read" }).setIssuer("x").setExpirationTime("5m").encode();
  for (const token of [good, none]) {
    const { status } = await call("GET", "/v1/users", { headers: { authorization: `Bearer ${token}` } });
    expect(status).toBe(401);
  }
});
