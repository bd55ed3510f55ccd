import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AdminSite } from "#test/support/admin-site.ts";
import { inspectPage, lookOf, startAdminSite } from "#test/support/admin-site.ts";
import { accessibilityFaults, scrollsSideways, takePicture, visit } from "#test/support/page-harness.ts";
import { seedSlos } from "#test/support/sample-slos.ts";

let site: AdminSite;
let url: string;

beforeAll(async () => {
  site = await startAdminSite(seedSlos);
  ({ url } = site);
});
afterAll(() => site.close());

const openContext = (width: number, theme: "light" | "dark") => site.openContext(lookOf(width, theme));
const signedIn = (width: number, theme: "light" | "dark") => site.signedIn(lookOf(width, theme));

const PATHS = {
  slos: ["/admin/slos", 25],
  "slos-checkout-availability": [
    "/admin/slos/checkout-availability?objective=99.95&policy=pages&min_long=3&min_short=2",
    60,
  ],
  "slos-docs-availability": ["/admin/slos/docs-availability", 0],
} as const;

describe("the dashboards of SLOs", () => {
  test.each(Object.entries(PATHS))(
    "%s: readable by everyone in six looks, and every figure is the API's",
    async (name, [path, least]) => {
      const context = await signedIn(1440, "light");
      const { page, status, complaints } = await visit(context, `${url}${path}`);
      expect(status).toBe(200);
      const { faults, figures } = await inspectPage(context, page, name);
      expect(faults).toEqual([]);
      expect(figures).toBeGreaterThanOrEqual(least);
      expect(complaints).toEqual([]);
      await context.close();
    },
  );
});

describe("the door", () => {
  test("without a session every dashboard leads to it, and it tells how to get a link", async () => {
    const context = await openContext(360, "light");
    const { page } = await visit(context, `${url}/admin/slos/checkout-availability`);
    expect(new URL(page.url()).pathname).toBe("/admin/sign-in");
    expect(await page.locator("main").innerText()).toContain("npm run -s nines -- user sign-in-link");
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await scrollsSideways(page)).toBe(false);
    await takePicture(page, "admin-sign-in-360-light");
    await context.close();
  });

  test("a link works once: the second time it says so and shows the way", async () => {
    const context = await openContext(768, "dark");
    const link = await site.newLink();
    const first = await visit(context, link);
    await takePicture(first.page, "admin-sign-in-token-768-dark");
    await first.page.getByRole("button", { name: "Sign in" }).click();
    await first.page.getByRole("heading", { level: 1, name: "SLOs" }).waitFor();
    await context.clearCookies();
    const second = await visit(context, link);
    await second.page.getByRole("button", { name: "Sign in" }).click();
    await second.page.locator("main [role=alert]").waitFor();
    expect(await accessibilityFaults(second.page)).toEqual([]);
    await takePicture(second.page, "admin-sign-in-used-768-dark");
    await context.close();
  });

  test("signing out ends the session", async () => {
    const context = await signedIn(768, "light");
    const { page } = await visit(context, `${url}/admin/slos`);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
    await page.goto(`${url}/admin/slos`);
    expect(new URL(page.url()).pathname).toBe("/admin/sign-in");
    await context.close();
  });
});

describe("what the dashboards say", () => {
  test("what fires comes first, then what exhausts soonest; what was never evaluated comes last", async () => {
    const context = await signedIn(1440, "light");
    const { page } = await visit(context, `${url}/admin/slos`);
    const names = await page.locator("tbody th a").allInnerTexts();
    expect(names[0]).toBe("checkout-availability");
    expect(names[1]).toBe("mail-availability");
    expect(names.at(-1)).toBe("docs-availability");
    expect(await page.locator("tbody tr").first().innerText()).toContain("Page firing");
    await context.close();
  });

  test("the file behind the chart holds the exact counts, ends with the reading, and leaves unmeasured budgets empty", async () => {
    const context = await signedIn(1440, "light");
    const { page } = await visit(context, `${url}/admin/slos/checkout-availability`);
    const shown = await page.locator(".facts dd").nth(1).innerText();
    const response = await context.request.get(`${url}/admin/slos/checkout-availability/burn-down.csv`);
    const rows = (await response.text())
      .trim()
      .split("\r\n")
      .map((line) => line.slice(1, -1).split('","'));
    expect(response.headers()["content-type"]).toContain("text/csv");
    expect(rows[0]?.slice(0, 5)).toEqual(["until", "budget_left_percent", "failed", "counted", "expected"]);
    const own = rows.filter(([, , failed, , , window]) => window === "rolling" && failed !== "");
    const last = own.at(-1) ?? [];
    expect(last[0]).toBe("2026-08-06T14:07:00.000Z");
    expect(shown).toContain((Math.floor(Number(last[1]) * 10) / 10).toString());
    expect(own.filter(([, left]) => left === "").length).toBeGreaterThan(3);
    expect(own.reduce((sum, [, , failed]) => sum + Number(failed), 0)).toBe(2 * (5 + 14 + 9));
    await context.close();
  });

  test("an SLO that does not exist is not found, in the look of the dashboards", async () => {
    const context = await signedIn(360, "light");
    const { page, status } = await visit(context, `${url}/admin/slos/nothing`);
    expect(status).toBe(404);
    expect(await page.locator("h1").innerText()).toBe("There is no such page");
    await context.close();
  });

  test("the first load of a dashboard with a chart is at most 300 kB", async () => {
    const context = await signedIn(1440, "light");
    await context.close();
    const fresh = await signedIn(1440, "light");
    await fresh.newPage().then((page) => page.close());
    const { page, transferred } = await visit(fresh, `${url}/admin/slos/checkout-availability`);
    await page.waitForLoadState("networkidle");
    expect(await transferred()).toBeLessThanOrEqual(300_000);
    await fresh.close();
  });
});
