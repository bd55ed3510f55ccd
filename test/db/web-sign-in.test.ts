import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSignInLink } from "#lib/commands/sign-in.ts";
import { findRequestSession } from "#lib/read/require-session.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";

let db: TestDatabase;
let site: TestSite;
beforeAll(async () => {
  db = await testDatabase();
  site = await startTestSite({ snapshot: null, database: db.database });
});
afterAll(async () => {
  await site.stop();
  await db.drop();
});

const newToken = async (): Promise<string> =>
  (await createSignInLink(db.database, { now: systemClock.now(), actor: "cli", randomBytes })).token;
const signIn = (fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${site.url}/admin/session`, {
    method: "POST",
    redirect: "manual",
    headers,
    body: new URLSearchParams(fields),
  });
const visit = (cookie: string, path = "/admin/slos", init: RequestInit = {}): Promise<Response> =>
  fetch(`${site.url}${path}`, { redirect: "manual", headers: { cookie }, ...init });
const where = (answer: Response): string | null => answer.headers.get("location");

test("a link signs in once; the cookie opens the pages until the session is ended", async () => {
  const token = await newToken();
  const answer = await signIn({ token });
  expect([answer.status, where(answer)]).toEqual([303, "/admin/slos"]);
  const setCookie = answer.headers.get("set-cookie") ?? "";
  expect(setCookie).toMatch(
    /^nines_session=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=43(?:200|199)$/,
  );
  const cookie = setCookie.split(";")[0] ?? "";

  expect((await visit(cookie)).status).toBe(200);
  expect(await findRequestSession(cookie)).not.toBeNull();
  expect(where(await signIn({ token }))).toBe("/admin/sign-in?problem=link");

  const end = await visit(cookie, "/admin/session/end", { method: "POST" });
  expect([end.status, where(end)]).toEqual([303, "/admin/sign-in"]);
  expect(end.headers.getSetCookie()).toHaveLength(2);
  expect(where(await visit(cookie))).toBe("/admin/sign-in");
  expect(await findRequestSession(cookie)).toBeNull();
});

test("over https the cookie has the name that only https may set", async () => {
  const host = new URL(site.url).host;
  const answer = await signIn({ token: await newToken() }, { origin: `https://${host}` });
  const setCookie = answer.headers.get("set-cookie") ?? "";
  expect(setCookie).toMatch(
    /^__Host-nines_session=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=43(?:200|199); Secure$/,
  );
  expect((await visit(setCookie.split(";")[0] ?? "")).status).toBe(200);
});

test.each([
  { name: "an admin path", next: "/admin/slos/shop", location: "/admin/slos/shop" },
  { name: "another site", next: "https://evil.example", location: "/admin/slos" },
  { name: "another site without a scheme", next: "//evil.example", location: "/admin/slos" },
  { name: "a backslash", next: "/\\evil.example", location: "/admin/slos" },
  { name: "the way out", next: "/admin/session/end", location: "/admin/slos" },
])("after sign-in, $name leads to $location", async ({ next, location }) => {
  expect(where(await signIn({ token: await newToken(), next }))).toBe(location);
});

test("another site can neither sign in nor sign out", async () => {
  const token = await newToken();
  expect((await signIn({ token }, { origin: "https://evil.example" })).status).toBe(403);
  const cookie = ((await signIn({ token })).headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const end = await visit(cookie, "/admin/session/end", {
    method: "POST",
    headers: { cookie, "sec-fetch-site": "cross-site" },
  });
  expect(end.status).toBe(403);
  expect((await visit(cookie)).status).toBe(200);
});
