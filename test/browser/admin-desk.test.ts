import { randomBytes } from "node:crypto";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import { createKey } from "#lib/commands/api-keys/create-key.ts";
import { openIncidentIn } from "#lib/commands/incidents/open-incident.ts";
import { createTemplate } from "#lib/commands/incidents/templates.ts";
import type { IncidentResource } from "#lib/contracts/incidents.ts";
import { MINUTE_MS } from "#lib/core/units.ts";
import { getLedger } from "#lib/read/ledger.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { AdminSite } from "#test/support/admin-site.ts";
import { inspectPage, startAdminSite } from "#test/support/admin-site.ts";
import { accessibilityFaults, scrollsSideways, takePicture, visit } from "#test/support/page-harness.ts";
import { OUTAGE_MINUTES, seedOnCall } from "#test/support/sample-on-call.ts";

let site: AdminSite;
let database: Database;
let url: string;
let bearer: string;
const startedAt = systemClock.now();

const author = { actor: "test", now: startedAt, randomBytes };

const openSamples = (): Promise<void> =>
  database.transaction(async (tx) => {
    const draft = {
      affected: { mail: "minor", shop: "major" },
      impact: null,
      message: "Mails **arrive late**. We look into it.",
      name: "Mails arrive late",
      translations: { ko: { title: "메일이 늦게 도착합니다", message: "확인하고 있습니다." } },
    } as const;
    await openIncidentIn(tx, { ...draft, ...author, isDraft: true });
    await openIncidentIn(tx, { ...draft, ...author, name: "Shop is slow", affected: { shop: "minor" } });
    const template = { name: "Payments fail", title: "Payments fail", message: "Paying fails at the last step." };
    const rest = { status: "investigating", impact: "critical", translations: {} } as const;
    await createTemplate(
      tx,
      { ...template, ...rest, affected: [{ serviceId: "checkout", impact: "critical" }] },
      author,
    );
  });

beforeAll(async () => {
  site = await startAdminSite(async (filled) => {
    database = filled;
    await seedOnCall(database, startedAt);
    await openSamples();
    const key = { name: "reader", scopes: ["incidents:read"], expiresAt: null, ...author } as const;
    bearer = (await database.transaction((tx) => createKey(tx, { ...key, scopes: [...key.scopes] }))).token;
  });
  ({ url } = site);
});
afterAll(() => site.close());

/** A signed-in browser of the size of a phone, in Seoul. */
const signedIn = (language = "en"): Promise<BrowserContext> =>
  site.signedIn({ viewport: { width: 360, height: 740 }, locale: language, timezoneId: "Asia/Seoul" });

/** Pictures at all widths in both themes, readable by everyone and not wider than the window; figures are the API's. */
const look = async (page: Page, name: string, figures = 0): Promise<void> => {
  const seen = await inspectPage(page.context(), page, `desk-${name}`);
  // The cost on the pages of incidents carries no marks: the test of the post-mortem compares it with the ledger.
  const faults = seen.faults.filter((fault) => figures > 0 || !fault.startsWith("a number without a mark"));
  expect(faults, name).toEqual([]);
  expect(seen.figures, name).toBeGreaterThanOrEqual(figures);
  await page.setViewportSize({ width: 360, height: 740 });
};

const read = async (path: string): Promise<unknown> =>
  (await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${bearer}` } })).json();
const readIncident = (id: string): Promise<IncidentResource> =>
  read(`/v1/incidents/${id}`) as Promise<IncidentResource>;

/** What a field of local time takes, in the zone of the phone. */
const local = (at: number): string =>
  new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Seoul", dateStyle: "short", timeStyle: "short" })
    .format(at)
    .replace(" ", "T");

describe("a night on call, on a phone", () => {
  let context: BrowserContext;
  let page: Page;
  let incidentId: string;
  const complaints: string[] = [];

  beforeAll(async () => {
    context = await signedIn();
  });
  afterAll(() => context.close());

  test("the page shows what fires, why in both windows, and apart what is silenced or muted", async () => {
    const seen = await visit(context, `${url}/admin/on-call`);
    page = seen.page;
    complaints.push(...seen.complaints);
    expect(await page.locator("h1").innerText()).toBe("1 page is firing");
    const alert = page.locator("article.fire");
    expect(await alert.innerText()).toContain(
      "18 of 120 checks failed within 1 hour. All 10 checks failed within 5 minutes.",
    );
    expect(await alert.innerText()).toMatch(/22\.8\s% of the budget of 28 days is left\./);
    const quiet = page.locator("section", { has: page.locator("#quiet") });
    expect(await quiet.innerText()).toContain("by Ada: A migration runs.");
    expect(await quiet.innerText()).toContain("Held back while its page fires (alt_page).");
    expect(await page.locator("section", { has: page.locator("#over") }).innerText()).toContain("it recovered");
    await look(page, "on-call", 12);
  });

  test("without a network the page stays and says how old it is; with it again it catches up", async () => {
    const cut = await context.newPage();
    await cut.clock.install();
    await cut.goto(`${url}/admin/on-call`);
    await cut.getByText("Live", { exact: true }).waitFor();
    await context.setOffline(true);
    await cut.getByText(/^No connection to the server\. What you see is \d+ seconds? old/).waitFor();
    await cut.clock.fastForward(130_000);
    await cut.getByText("What you see is 2 minutes old; trying again.").waitFor();
    expect(await accessibilityFaults(cut)).toEqual([]);
    await takePicture(cut, "admin-desk-offline-360-light");
    await database.transaction(
      (
        tx,
      ) => tx`insert into alerts (id, slo_id, pair_id, number, severity, state, fired_at, firing_reading, silenced_by, muted_by)
                 select 'alt_late', slo_id, 'ticket_1d_2h', 2, 'page', 'firing', fired_at, firing_reading, '{}', '{}'
                   from alerts where id = 'alt_page'`,
    );
    expect(await cut.locator("h1").innerText()).toBe("1 page is firing");
    await context.setOffline(false);
    await cut.getByRole("heading", { level: 1, name: "2 pages are firing" }).waitFor();
    await cut.getByText("Live", { exact: true }).waitFor();
    await database.transaction((tx) => tx`delete from alerts where id = 'alt_late'`);
    await cut.close();
  });

  test("a stream that a proxy refuses is opened anew, and the page is looked at meanwhile", async () => {
    const cut = await context.newPage();
    await cut.clock.install();
    await cut.route("**/v1/live", (route) => route.fulfill({ status: 502, body: "no" }));
    await cut.goto(`${url}/admin/on-call`);
    await cut.getByText(/^No connection to the server/).waitFor();
    await cut.unroute("**/v1/live");
    const looked = cut.waitForResponse((response) => response.url().includes("/admin/on-call"));
    await cut.clock.fastForward(16_000);
    await looked;
    await cut.getByText("Live", { exact: true }).waitFor();
    await cut.close();
  });

  test("it is acknowledged once, also when the first answer is lost on a bad network", async () => {
    await page.getByRole("link", { name: "checkout-availability" }).first().click();
    await page.waitForURL(/\/admin\/on-call\/alt_page/);
    const button = page.getByRole("button", { name: "Acknowledge" });
    await page.route("**/acknowledge", async (route) => {
      await route.fetch();
      await route.abort();
    });
    await button.click();
    await page.getByText("The server cannot be reached.").waitFor();
    await page.unroute("**/acknowledge");
    await button.click();
    await page.getByText(/has looked after it since/).waitFor();
    const rows = await database.read((db) => db`select actor from audit_log where action = 'alert.acknowledged'`);
    expect(rows).toHaveLength(1);
    expect(rows[0]?.["actor"]).toMatch(/^user:usr_/);
    await look(page, "alert", 12);
  });

  test("an incident of it is published from the phone, is what the API shows, and carries the alert", async () => {
    await page.getByRole("link", { name: "Open an incident" }).click();
    await page.waitForURL(/\/admin\/incidents\/new\?alert=alt_page/);
    expect(await page.getByRole("checkbox", { name: "Checkout" }).isChecked()).toBe(true);
    await look(page, "new");
    await page.getByLabel("Message to customers").fill("Paying fails. We **look** into it.");
    await page.getByText("More: times, draft, other languages").click();
    await page.getByLabel("Began at, if not now").fill(local(startedAt - OUTAGE_MINUTES * MINUTE_MS));
    await page.getByRole("button", { name: "Publish" }).click();
    await page.waitForURL(/\/admin\/incidents\/inc_/);
    incidentId = new URL(page.url()).pathname.split("/").at(-1) ?? "";
    const made = await readIncident(incidentId);
    expect(made).toMatchObject({ status: "investigating", publication: "published", alertIds: ["alt_page"] });
    expect(made.affected).toEqual([{ serviceId: "checkout", impact: "major" }]);
    expect(Date.parse(made.startedAt)).toBe(Math.floor(startedAt / MINUTE_MS - OUTAGE_MINUTES) * MINUTE_MS);
    const rows = await database.read(
      (db) => db`select actor from audit_log where action = 'incident.opened' and subject = ${incidentId}`,
    );
    expect(rows[0]?.["actor"]).toMatch(/^user:usr_/);
  });

  test("an update goes out, one is planned, and it is resolved", async () => {
    const update = page.locator("section", { has: page.locator("#update") });
    await update.getByLabel("Where it stands").selectOption("identified");
    await update.getByLabel("Message to customers").fill("A full disk.");
    await update.getByRole("button", { name: "Publish" }).click();
    await update.getByText("Published.").waitFor();
    expect(await update.getByLabel("Message to customers").inputValue()).toBe("");
    await update.getByLabel("Message to customers").fill("We watch it.");
    await update.getByText("More: times, other languages").click();
    await update.getByLabel("Publish later, at").fill(local(startedAt + 90 * MINUTE_MS));
    await update.getByRole("button", { name: "Publish" }).click();
    await page.getByText(/^Planned for/).waitFor();
    await look(page, "open");
    await page.locator("details.act > summary", { hasText: "Resolve" }).click();
    await page.getByRole("button", { name: /^Resolve/ }).click();
    await page.getByRole("heading", { name: "Post-mortem" }).waitFor();
    const after = await readIncident(incidentId);
    expect(after.status).toBe("resolved");
    expect(after.updates.map(({ status }) => status)).toContain("identified");
  });

  test("the post-mortem shows what the ledger says that it cost, and is published", async () => {
    const { resolvedAt } = await readIncident(incidentId);
    const to = Math.ceil(Date.parse(resolvedAt ?? "") / MINUTE_MS) * MINUTE_MS;
    const ledger = await getLedger(
      database,
      { id: "checkout-availability", to: to as typeof startedAt },
      systemClock.now(),
    );
    const entry = ledger.entries.find(({ id }) => id === incidentId);
    expect(entry?.bad).toBe(OUTAGE_MINUTES * 2);
    const cost = page.locator("section", { has: page.locator("#postmortem") }).locator("tbody tr");
    expect(await cost.innerText()).toContain(`${entry?.bad}`);
    expect(await cost.innerText()).toMatch(new RegExp(`\\b${Math.round(Number(entry?.consumedRatio) * 100)}\\s%`));
    await look(page, "over");
    expect(await page.locator("#postmortem-message").inputValue()).toContain(`${entry?.bad} failed checks`);
    await page.locator("#postmortem-message").fill("## Cause\n\nA full disk.");
    await page.getByRole("button", { name: "Publish the post-mortem" }).click();
    await page.getByText("It is published; correct it in the timeline.").waitFor();
    expect((await readIncident(incidentId)).status).toBe("postmortem");
    expect(complaints).toEqual([]);
  });
});

test("the desk lists what is open, drafts and what is over; a draft is published from it; templates begin an incident", async () => {
  const context = await signedIn();
  const { page } = await visit(context, `${url}/admin/incidents`);
  expect(await page.locator("h1").innerText()).toBe("1 incident is open, 1 draft waits");
  await look(page, "list");
  await page.getByRole("link", { name: "Mails arrive late" }).click();
  await page.getByRole("button", { name: "Publish the draft" }).waitFor();
  await look(page, "draft");
  await page.getByRole("button", { name: "Publish the draft" }).click();
  await page.getByRole("heading", { name: "Post an update" }).waitFor();
  await page.goto(`${url}/admin/incidents/templates`);
  await look(page, "templates");
  await page.getByRole("link", { name: /^Payments fail/ }).click();
  await page.getByRole("heading", { name: "New incident" }).waitFor();
  expect(await page.getByLabel("Message to customers").inputValue()).toBe("Paying fails at the last step.");
  await context.close();
});

test.each(["ko", "ru"])("in %s, nothing of the desk and of the on-call view is left in English", async (language) => {
  const context = await signedIn(language);
  for (const path of ["on-call", "on-call/alt_page", "incidents", "incidents/new", "incidents/templates"]) {
    const { page, complaints } = await visit(context, `${url}/admin/${path}`);
    const name = `${path.replaceAll("/", "-")}-${language}`;
    expect(await page.locator("html").getAttribute("lang")).toBe(language);
    const text = await page.locator("main").innerText();
    expect(text, name).not.toMatch(/\b(?:the|Incidents?|Since|firing|Draft|Publish|Silence|Acknowledge|Services?)\b/);
    expect(await scrollsSideways(page), name).toBe(false);
    await takePicture(page, `admin-desk-${name}-360`);
    expect(complaints, name).toEqual([]);
    await page.close();
  }
  await context.close();
});
