import { randomBytes } from "node:crypto";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import { openIncidentIn } from "#lib/commands/incidents/open-incident.ts";
import { publishDue } from "#lib/commands/incidents/publish-due.ts";
import { MINUTE_MS } from "#lib/core/units.ts";
import { getIncident } from "#lib/read/incidents.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { AdminSite } from "#test/support/admin-site.ts";
import { startAdminSite } from "#test/support/admin-site.ts";
import { accessibilityFaults, scrollsSideways, takePicture } from "#test/support/page-harness.ts";
import { seedOnCall } from "#test/support/sample-on-call.ts";

// What is done seldom at the desk, with one thumb: templates, planned publishing, merging, reopening.

let site: AdminSite;
let database: Database;
let context: BrowserContext;
let page: Page;
const startedAt = systemClock.now();
const author = { actor: "test", now: startedAt, randomBytes };
const complaints: string[] = [];

beforeAll(async () => {
  site = await startAdminSite(async (filled) => {
    database = filled;
    await seedOnCall(database, startedAt);
    const message = "We look into it.";
    await database.transaction(async (tx) => {
      await openIncidentIn(tx, {
        ...author,
        message,
        impact: null,
        name: "Mails arrive late",
        affected: { mail: "minor" },
      });
      await openIncidentIn(tx, { ...author, message, impact: null, name: "Shop is slow", affected: { shop: "major" } });
    });
  });
  context = await site.signedIn({ viewport: { width: 360, height: 740 }, locale: "en", timezoneId: "Asia/Seoul" });
  page = await context.newPage();
  page.on("console", (line) => {
    if (line.type() === "error") complaints.push(line.text());
  });
  page.on("dialog", (dialog) => void dialog.accept());
});
afterAll(() => site.close());

const local = (at: number): string =>
  new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Seoul", dateStyle: "short", timeStyle: "short" })
    .format(at)
    .replace(" ", "T");
const idHere = (): string => new URL(page.url()).pathname.split("/").at(-1) ?? "";
const incidentHere = () => getIncident(database, idHere());
const isFine = async (name: string): Promise<void> => {
  expect(await accessibilityFaults(page), name).toEqual([]);
  expect(await scrollsSideways(page), name).toBe(false);
  await takePicture(page, `admin-desk-${name}-360`);
};
const fold = (name: string) => page.locator("details.act > summary", { hasText: name });

test("a template is written, changed and used on a phone, and planned for later", async () => {
  await page.goto(`${site.url}/admin/incidents/templates`);
  const form = page.locator("section", { has: page.locator("#edit") });
  await form.getByLabel("Name of the template").fill("Mail is late");
  await form.getByLabel("Title", { exact: true }).fill("Mail is late");
  await form.getByLabel("Message to customers").fill("Mail takes longer than usual.");
  await form.getByLabel("How bad it is").selectOption("minor");
  await form.getByRole("button", { name: "New template" }).click();
  await page.getByRole("link", { name: /^Mail is late/ }).waitFor();
  await isFine("template-made");
  await page.getByRole("link", { name: /^Change\s*: Mail is late/ }).click();
  await page.waitForURL(/edit=/);
  await form.getByLabel("Message to customers").fill("Mail takes an hour.");
  await form.getByRole("button", { name: "Save" }).click();
  await page.waitForURL(({ search, pathname }) => pathname.endsWith("/templates") && search === "");
  await page.getByRole("link", { name: /^Mail is late/ }).click();
  await page.getByRole("heading", { name: "New incident" }).waitFor();
  expect(await page.getByLabel("Message to customers").inputValue()).toBe("Mail takes an hour.");
  await page.getByRole("checkbox", { name: "Mail" }).check();
  await page.getByText("More: times, draft, other languages").click();
  await page.getByLabel("Publish later, at").fill(local(startedAt + 30 * MINUTE_MS));
  await page.getByRole("button", { name: "Publish" }).click();
  await page.waitForURL(/\/admin\/incidents\/inc_/);
  expect(await page.locator("main").innerText()).toContain("Published by itself");
  const planned = await incidentHere();
  expect([planned.publication, planned.name, planned.publishedAt]).toEqual(["scheduled", "Mail is late", null]);
  await isFine("planned");
  const now = (startedAt + 30 * MINUTE_MS) as typeof startedAt;
  const updateId = planned.updates[0]?.id ?? "";
  await database.transaction((tx) => publishDue(tx, { id: planned.id, updateId }, { ...author, now }));
  await page.reload();
  await page.getByRole("heading", { name: "Post an update" }).waitFor();
  expect((await incidentHere()).publication).toBe("published");
});

test("an incident that is the same as another one is merged into it and leads there", async () => {
  const merged = idHere();
  await fold("Merge into another incident").click();
  await page.getByLabel("The incident that is left").selectOption({ label: "Mails arrive late" });
  await page.getByRole("button", { name: "Merge into another incident" }).click();
  await page.waitForURL((url) => url.pathname.startsWith("/admin/incidents/inc_") && !url.pathname.endsWith(merged));
  expect((await incidentHere()).name).toBe("Mails arrive late");
  expect(await getIncident(database, merged)).toMatchObject({ publication: "merged", mergedInto: idHere() });
  await isFine("merged-into");
  const left = idHere();
  await page.goto(`${site.url}/admin/incidents/${merged}`);
  await page.getByRole("link", { name: "Go to it" }).click();
  await page.waitForURL((url) => url.pathname.endsWith(left));
});

test("an incident that was resolved too early is opened again, with a word to customers", async () => {
  await page.locator("details.act > summary", { hasText: "Resolve" }).click();
  await page.getByRole("button", { name: /^Resolve/ }).click();
  await fold("Reopen").waitFor();
  expect((await incidentHere()).status).toBe("resolved");
  await fold("Reopen").click();
  const reopen = page.locator("details.act", { has: page.locator("summary", { hasText: "Reopen" }) });
  await reopen.getByLabel("Message to customers").fill("Mails are late again.");
  await reopen.getByLabel("Where it stands").selectOption("identified");
  await reopen.getByRole("button", { name: "Reopen" }).click();
  await page.getByRole("heading", { name: "Post an update" }).waitFor();
  const again = await incidentHere();
  expect([again.status, again.resolvedAt, again.updates[0]?.body]).toEqual([
    "identified",
    null,
    "Mails are late again.",
  ]);
  await isFine("reopened");
  expect(complaints).toEqual([]);
});
