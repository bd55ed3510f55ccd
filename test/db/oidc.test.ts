import { afterAll, beforeAll, expect, test } from "vitest";
import { readUsers } from "#db/queries/users.ts";
import { configureProvider } from "#test/support/identity-config.ts";
import type { OidcServer } from "#test/support/oidc-server.ts";
import { startOidcServer } from "#test/support/oidc-server.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import type { TestSite } from "#test/support/web-site.ts";
import { startTestSite } from "#test/support/web-site.ts";

const SECRET = "a secret of the client that is long enough";
let db: TestDatabase;
let site: TestSite;
let provider: OidcServer;

beforeAll(async () => {
  db = await testDatabase();
  site = await startTestSite({ snapshot: null, database: db.database, resolveSecret: () => SECRET });
  provider = await startOidcServer({
    id: "nines",
    secret: SECRET,
    redirectUri: `${site.url}/admin/session/oidc/callback`,
  });
  await configureProvider(db.database, { issuer: provider.issuer, clientSecret: "env:OIDC_SECRET" });
});
afterAll(async () => {
  await site.stop();
  await provider.close();
  await db.drop();
});

type Jar = Map<string, Map<string, string>>;
/** Goes where the answers lead, with cookies by origin, until an answer is no redirect or `until` is reached. */
const follow = async (from: string, jar: Jar, until: (url: URL) => boolean = () => false): Promise<URL> => {
  let url = new URL(from);
  for (let hop = 0; hop < 12; hop += 1) {
    if (until(url)) return url;
    const cookies = jar.get(url.origin) ?? new Map<string, string>();
    jar.set(url.origin, cookies);
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url, { redirect: "manual", headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") cookies.delete(name);
      else cookies.set(name, value);
    }
    await answer.arrayBuffer();
    const next = answer.headers.get("location");
    if (next === null) return url;
    url = new URL(next, url);
  }
  throw new Error("too many redirects");
};
const pathOf = (url: URL): string => url.pathname + url.search;
const start = () => `${site.url}/admin/session/oidc?next=/admin/slos/shop`;

test("a sign-in at the provider ends where somebody wanted to go, with the role of the groups", async () => {
  const jar: Jar = new Map();
  expect(pathOf(await follow(start(), jar))).toBe("/admin/slos/shop");
  expect([...(jar.get(new URL(site.url).origin)?.keys() ?? [])]).toEqual(["nines_session"]);
  const [user] = await db.database.read(readUsers);
  expect(user).toMatchObject({ login: "ana@example.com", name: "Ana of the provider", role: "admin" });
});

test("whoever is in none of the groups is not let in", async () => {
  provider.account = { sub: "sub-eve", email: "eve@example.com", groups: ["sales"] };
  expect(pathOf(await follow(start(), new Map()))).toBe("/admin/sign-in?problem=refused");
  expect(await db.database.read(readUsers)).toHaveLength(1);
});

test("a callback that was not begun here, with another state, or used twice signs nobody in", async () => {
  provider.account = { sub: "sub-ana", email: "ana@example.com", groups: ["platform"] };
  const jar: Jar = new Map();
  const callback = await follow(start(), jar, (url) => url.pathname.endsWith("/callback"));
  const failed = "/admin/sign-in?problem=oidc";
  expect(pathOf(await follow(callback.href, new Map()))).toBe(failed);
  const forged = new URL(callback);
  forged.searchParams.set("state", "forged");
  const copy: Jar = new Map([...jar].map(([origin, cookies]) => [origin, new Map(cookies)]));
  expect(pathOf(await follow(forged.href, copy))).toBe(failed);
  const again: Jar = new Map([...jar].map(([origin, cookies]) => [origin, new Map(cookies)]));
  expect(pathOf(await follow(callback.href, jar))).toBe("/admin/slos/shop");
  expect(pathOf(await follow(callback.href, again))).toBe(failed);
});
