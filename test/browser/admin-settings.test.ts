import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { configOf, listenForEvents } from "#test/support/admin-instance.ts";
import { inspectPage } from "#test/support/admin-site.ts";
import { openBrowser } from "#test/support/browser.ts";
import type { Instance } from "#test/support/instance.ts";
import { startInstance, temporaryFolder } from "#test/support/instance.ts";
import { buildPages, visit } from "#test/support/page-harness.ts";

/** What the receiver got, as `POST /path event-type`. */
const received: string[] = [];
let browser: Browser;
let instance: Instance;
let receiver = "";
let admin: BrowserContext;
const closers: (() => Promise<unknown>)[] = [];

/** Asks the API as the person of a context does. */
const call = async (context: BrowserContext, method: string, path: string, data?: unknown) => {
  const answer = await context.request.fetch(`${instance.url}/admin/api${path}`, {
    method,
    headers: { origin: instance.url, "content-type": "application/json" },
    ...(data === undefined ? {} : { data: JSON.stringify(data) }),
  });
  const text = await answer.text();
  return { status: answer.status(), body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown> };
};

const openContext = (width: number, theme: "light" | "dark", locale = "en"): Promise<BrowserContext> =>
  browser.newContext({ viewport: { width, height: 900 }, colorScheme: theme, reducedMotion: "reduce", locale });

/** A context of somebody new with this role. */
const signInAs = async (role: string, context: BrowserContext): Promise<void> => {
  const user = await call(admin, "POST", "/v1/users", { login: `${role}@acme.example`, name: `Lee ${role}`, role });
  const link = await call(admin, "POST", `/v1/users/${String(user.body.id)}/sign-in-links`);
  const page = await context.newPage();
  await page.goto(`${instance.url}${String(link.body.path)}`);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${instance.url}/admin/**`);
  await page.close();
};

beforeAll(async () => {
  await buildPages();
  const listening = await listenForEvents(received);
  receiver = listening.url;
  closers.push(listening.close);
  const folder = await temporaryFolder("admin-settings");
  closers.push(folder.remove);
  const [running, opened] = await Promise.all([
    startInstance({ config: configOf(receiver), dataDir: join(folder.path, "data"), env: { LOG_LEVEL: "error" } }),
    openBrowser(),
  ]);
  instance = running;
  browser = opened.browser;
  closers.push(opened.close, () => instance.stop());
  admin = await openContext(1440, "light");
  const page = await admin.newPage();
  await page.goto(instance.signInUrl);
  await page.getByLabel("Your name").fill("Ana Kim");
  await page.getByLabel("E-mail address or name").fill("ana@acme.example");
  await page.getByLabel("Password").fill("correct horse battery");
  await page.getByRole("button", { name: "Create the account" }).click();
  await page.waitForURL(`${instance.url}/admin/slos`);
  await page.close();
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

const soon = { timeout: 10_000, interval: 100 };
const testsReceived = () => received.filter((line) => line === "POST /hook endpoint.test").length;

const openFold = (page: Page, name: string) => page.locator("summary", { hasText: name }).first().click();

describe("what an administrator does", () => {
  test("an endpoint is made, its test reaches a real receiver, the log shows request and response, and it is sent again", async () => {
    const { page } = await visit(admin, `${instance.url}/admin/webhooks`);
    await openFold(page, "Add an endpoint");
    await page.getByLabel("Address", { exact: true }).fill(`${receiver}/hook`);
    await page.getByLabel("Name", { exact: true }).fill("oncall");
    await page.getByRole("button", { name: "Add an endpoint" }).click();
    expect(await page.locator("[role=status] pre").innerText()).toMatch(/^whsec_/);
    await page.getByRole("link", { name: "oncall" }).click();
    await page.getByRole("heading", { level: 1, name: "oncall" }).waitFor();
    await page.getByRole("button", { name: "Send a test" }).click();
    await expect.poll(testsReceived, soon).toBe(1);
    const log = page.getByRole("link", { name: "endpoint.test" });
    await expect
      .poll(async () => {
        await page.reload();
        return page.locator("tbody tr").first().innerText();
      }, soon)
      .toContain("Delivered");
    await log.first().click();
    const attempt = page.getByRole("region", { name: "Attempt 1" });
    expect(await attempt.innerText()).toContain("webhook-signature");
    expect(await attempt.innerText()).toContain("taken, with thanks");
    expect(await attempt.innerText()).toContain("endpoint.test");
    await page.getByRole("button", { name: "Send again" }).click();
    await expect.poll(testsReceived, soon).toBe(2);
    await page.close();
  });

  test("a sample reaches a channel of the file, which has no buttons to change it", async () => {
    const { page } = await visit(admin, `${instance.url}/admin/webhooks`);
    await page.getByRole("button", { name: "Send a sample" }).click();
    await page.getByRole("heading", { level: 1, name: "chat" }).waitFor();
    await expect.poll(() => received.filter((line) => line.startsWith("POST /slack")).length, soon).toBe(1);
    expect(await page.locator("main").innerText()).toContain("stands in the configuration file");
    expect(await page.locator("summary", { hasText: "Subscriptions" }).count()).toBe(0);
    await page.close();
  });

  test("a key is made with scopes, shown once, and opens just what it holds on /v1", async () => {
    const { page } = await visit(admin, `${instance.url}/admin/keys`);
    await openFold(page, "Make a key");
    await page.getByLabel("Name", { exact: true }).fill("deploys");
    await page.getByLabel("maintenances:read").check();
    await page.getByRole("button", { name: "Make a key" }).click();
    const token = await page.locator("[role=status] pre").innerText();
    const ask = async (path: string) =>
      (await fetch(`${instance.url}${path}`, { headers: { authorization: `Bearer ${token}` } })).status;
    expect(await ask("/v1/maintenances")).toBe(200);
    expect(await ask("/v1/keys")).toBe(403);
    await page.reload();
    expect(await page.locator("main").innerText()).toContain("deploys");
    expect(await page.content()).not.toContain(token);
    await page.close();
  });

  test("work is planned, stands in the month of the reader, begins early, and what is planned after it is canceled", async () => {
    const { page } = await visit(admin, `${instance.url}/admin/maintenance`);
    await openFold(page, "Plan work");
    await page.getByLabel("Title", { exact: true }).fill("Database upgrade");
    await page.getByLabel("Shop").check();
    await page.getByLabel("Begins").fill(new Date(Date.now() + 3_600_000).toISOString().slice(0, 16));
    await page.getByLabel("Repetition", { exact: true }).fill("FREQ=WEEKLY");
    await page.getByRole("button", { name: "Plan work" }).click();
    await page.getByRole("heading", { level: 1, name: "Database upgrade" }).waitFor();
    expect(await page.getByRole("row").count()).toBeGreaterThan(4);
    await page.getByRole("button", { name: "Begin now" }).click();
    await page.getByRole("button", { name: "End now" }).waitFor();
    await page.goto(`${instance.url}/admin/maintenance?tz=Pacific/Kiritimati`);
    expect(await page.locator(".month a").first().innerText()).toContain("Database upgrade");
    await page.getByRole("link", { name: "Database upgrade" }).last().click();
    page.on("dialog", (dialog) => void dialog.accept());
    await openFold(page, "Cancel the work");
    await page.getByLabel("Why").fill("Put off");
    await page.getByRole("button", { name: "Cancel the work" }).click();
    await page.getByText("Put off").waitFor();
    await page.close();
  });
});

const AREAS = [
  ...["webhooks", "webhooks/oncall", "settings", "maintenance", "subscribers", "keys", "users", "audit"],
  ...["statements", "configuration", "account"],
];

/** Pages of one thing each: the newest delivery and the newest work. */
const ONE = ["webhooks-delivery", "maintenance-work"] as const;

const addressOf = async (area: string): Promise<string> => {
  const newest = async (path: string) => {
    const { body } = await call(admin, "GET", path);
    return String((body.data as { id: string }[])[0]?.id);
  };
  if (area === "webhooks-delivery")
    return `/admin/webhooks/oncall/deliveries/${await newest("/v1/deliveries?endpoint=oncall")}`;
  if (area === "maintenance-work") return `/admin/maintenance/${await newest("/v1/maintenances")}`;
  return `/admin/${area}`;
};

/** How many figures there are at least: a page that loses its marks fails. */
const FIGURES: Readonly<Record<string, number>> = {
  webhooks: 2,
  "webhooks-oncall": 5,
  "webhooks-delivery": 2,
  "maintenance-work": 1,
  configuration: 6,
};

describe("every page", () => {
  test.each([...AREAS, ...ONE])(
    "%s: readable by everyone in six looks, and every figure is the API's",
    async (area) => {
      const name = area.replace("/", "-");
      const { page, status, complaints } = await visit(admin, `${instance.url}${await addressOf(area)}`);
      expect(status).toBe(200);
      const { faults, figures } = await inspectPage(admin, page, name);
      expect(faults).toEqual([]);
      expect(figures).toBeGreaterThanOrEqual(FIGURES[name] ?? 0);
      expect(complaints).toEqual([]);
      await page.close();
    },
  );

  test("speaks the reader's language, and an address shows the same to whoever opens it", async () => {
    const context = await browser.newContext({ storageState: await admin.storageState(), locale: "ru" });
    for (const path of ["/admin/webhooks", "/admin/maintenance", "/admin/audit", "/admin/keys", "/admin/account"]) {
      const { page } = await visit(context, `${instance.url}${path}`);
      const words = (await page.locator("main :is(h1, h2, th, summary, label, button)").allInnerTexts()).filter(
        (text) => !/[а-яё]/i.test(text) && /[a-z]{3}/i.test(text),
      );
      expect(
        words.filter((text) => !/^(Ana Kim|deploys|oncall|chat|Database upgrade|API|\* |[a-z_]+[.:])/.test(text)),
        path,
      ).toEqual([]);
      await page.close();
    }
    const { page } = await visit(context, `${instance.url}/admin/audit?action=endpoint.&actor=nobody`);
    expect(await page.locator("input[name=action]").inputValue()).toBe("endpoint.");
    expect(await page.locator("main").innerText()).toContain("Ничего не найдено");
    await page.goto(`${instance.url}/admin/audit?action=endpoint.`);
    expect(await page.locator("tbody tr").count()).toBeGreaterThan(2);
    await context.close();
  });

  test("the configuration's page says that the file is in force, as the API does", async () => {
    const plan = await call(admin, "GET", "/v1/config/plan");
    expect(plan).toMatchObject({ status: 200, body: { state: "same", changes: [], faults: [], faultCount: 0 } });
    const { page } = await visit(admin, `${instance.url}/admin/configuration`);
    expect(await page.locator("section[aria-labelledby=file]").innerText()).toContain("is what is in force.");
    await page.close();
  });

  test("a month far ahead has an address, and links and the field go from month to month", async () => {
    const { page } = await visit(admin, `${instance.url}/admin/maintenance?month=2031-03`);
    expect(await page.locator("h2#month").innerText()).toBe("March 2031");
    await page.getByRole("link", { name: "Month after" }).press("Enter");
    await page.waitForURL(/month=2031-04/);
    await page.getByLabel("Month", { exact: true }).fill("2026-01");
    await page.getByRole("button", { name: "Show" }).click();
    await page.waitForURL(/month=2026-01/);
    await page.getByRole("link", { name: "This month" }).click();
    await page.locator("td[aria-current=date]").waitFor();
    await page.close();
  });
});

describe("the lists as files", () => {
  test("have the rows of their pages, and a cell that a spreadsheet would work out is text", async () => {
    await call(admin, "POST", "/v1/users", { login: "sum@acme.example", name: "=SUM(A1)", role: "viewer" });
    const read = async (path: string) => {
      const answer = await admin.request.get(`${instance.url}/admin/${path}`);
      expect(answer.status(), path).toBe(200);
      expect(answer.headers()["content-type"], path).toContain("text/csv");
      return (await answer.text()).trim().split("\r\n");
    };
    for (const name of ["keys", "statements", "maintenance", "versions"])
      expect((await read(`settings/${name}.csv`)).length, name).toBeGreaterThanOrEqual(name === "statements" ? 1 : 2);
    expect((await read("settings/users.csv")).join(" ")).toContain(`"'=SUM(A1)"`);
    expect(await read("webhooks/endpoints.csv")).toHaveLength(3);
    expect((await read("webhooks/oncall/deliveries.csv")).length).toBeGreaterThan(1);
    expect(await read("services/services.csv")).toHaveLength(3);
    expect((await read("on-call/alerts.csv"))[0]).toContain('"long_burn_rate"');
  });
});

describe("a viewer", () => {
  test("sees no button, is told why, and the API refuses", async () => {
    const context = await openContext(768, "light");
    await signInAs("viewer", context);
    for (const path of ["/admin/webhooks", "/admin/webhooks/oncall", "/admin/maintenance", "/admin/statements"]) {
      const { page, status } = await visit(context, `${instance.url}${path}`);
      expect(status, path).toBe(200);
      expect(await page.locator("main").innerText(), path).toContain("Your role, viewer, may look at this");
      expect(await page.locator("main form:not(.filters)").count(), path).toBe(0);
      await page.close();
    }
    expect((await context.request.get(`${instance.url}/admin/settings/keys.csv`)).status()).toBe(404);
    for (const path of ["/admin/keys", "/admin/users", "/admin/audit"]) {
      const { page } = await visit(context, `${instance.url}${path}`);
      expect(await page.locator("main").innerText(), path).toContain("may not see this");
      expect(await page.locator("main form").count(), path).toBe(0);
      await page.close();
    }
    expect((await call(context, "POST", "/v1/endpoints/oncall/test")).status).toBe(403);
    expect((await call(context, "POST", "/v1/keys", { name: "mine", scopes: ["keys:write"] })).status).toBe(403);
    await context.close();
  });
});
