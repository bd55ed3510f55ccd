import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import { openDatabase } from "#db/database.ts";
import { startTemporary } from "#db/embedded/temporary.ts";
import { migrate } from "#db/migrate.ts";
import { createSignInLink } from "#lib/commands/sign-in.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { openBrowser } from "#test/support/browser.ts";
import { configureProvider } from "#test/support/identity-config.ts";
import type { OidcServer } from "#test/support/oidc-server.ts";
import { startOidcServer } from "#test/support/oidc-server.ts";
import { accessibilityFaults, buildPages, scrollsSideways } from "#test/support/page-harness.ts";
import { startWebRole } from "#test/support/web-role.ts";

const SECRET = "a secret of the client that is long enough";
const PASSWORD = "correct horse battery";
let browser: Browser;
let database: Database;
let provider: OidcServer;
let url: string;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  await buildPages();
  const cluster = await startTemporary();
  closers.push(cluster.stop);
  await migrate({ url: cluster.server.url });
  database = openDatabase({ url: cluster.server.url, applicationName: "browser-test" });
  closers.push(() => database.close());
  const dataDir = await mkdtemp(join(tmpdir(), "nines-sign-in-"));
  closers.push(() => rm(dataDir, { recursive: true, force: true }));
  const secretFile = join(dataDir, "client-secret");
  await writeFile(secretFile, SECRET);
  const role = await startWebRole({ databaseUrl: cluster.server.url, dataDir });
  closers.push(role.close);
  url = role.url;
  provider = await startOidcServer({
    id: "nines",
    secret: SECRET,
    redirectUri: `${url}/admin/session/oidc/callback`,
  });
  closers.push(provider.close);
  await configureProvider(database, { issuer: provider.issuer, clientSecret: `file:${secretFile}` });
  const opened = await openBrowser();
  browser = opened.browser;
  closers.push(opened.close);
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

test("without scripts, the first link makes the administrator, who signs in by password afterwards", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 800 } });
  const page = await context.newPage();
  const { token } = await createSignInLink(database, { now: systemClock.now(), actor: "test", randomBytes });
  await page.goto(`${url}/admin/sign-in?token=${token}`);
  await page.getByLabel("Your name").fill("Ana");
  await page.getByLabel("E-mail address or name").fill("ana");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create the account" }).click();
  await page.waitForURL(`${url}/admin/slos`);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.goto(`${url}/admin/account`);
  expect(page.url()).toBe(`${url}/admin/sign-in?next=%2Fadmin%2Faccount`);
  await page.getByLabel("E-mail address or name").fill("Ana");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(`${url}/admin/account`);
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Ana");
  await context.close();
});

test("a sign-in at the identity provider ends on the dashboards, and its cookie is not for scripts", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${url}/admin/sign-in?next=/admin/account`);
  await page.getByRole("link", { name: "Sign in with Example" }).click();
  await page.waitForURL(`${url}/admin/account`);
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Ana of the provider");
  const cookies = await context.cookies(url);
  expect(cookies.find(({ name }) => name === "nines_session")).toMatchObject({ httpOnly: true, sameSite: "Lax" });
  expect(await page.evaluate("document.cookie")).not.toContain("nines_session");
  expect(await accessibilityFaults(page)).toEqual([]);
  await context.close();
});

test.each(["en", "ko", "ru"])("the sign-in page in %s fits a phone and is readable by everyone", async (language) => {
  const context = await browser.newContext({ viewport: { width: 360, height: 800 } });
  const page = await context.newPage();
  await page.goto(`${url}/admin/sign-in?lang=${language}&problem=credentials`);
  expect(await page.locator("main").getAttribute("lang")).toBe(language);
  expect(await scrollsSideways(page)).toBe(false);
  expect(await accessibilityFaults(page)).toEqual([]);
  await context.close();
});
