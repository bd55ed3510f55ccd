import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFormat } from "#app/_view/format.ts";
import { digitsFor } from "#app/_view/slo-line.ts";
import { WORDS } from "#app/_words/index.ts";
import type { Database } from "#db/database.ts";
import type { SloResource } from "#lib/contracts/api.ts";
import type { LedgerResource } from "#lib/contracts/budgets.ts";
import type { BacktestResource, FeasibilityResource, ForecastResource } from "#lib/contracts/slo-analyses.ts";
import type { AdminSite } from "#test/support/admin-site.ts";
import { lookOf, startAdminSite } from "#test/support/admin-site.ts";
import { accessibilityFaults, scrollsSideways, takePicture, visit } from "#test/support/page-harness.ts";
import { seedSlos } from "#test/support/sample-slos.ts";
import { quickestMs } from "#test/support/stopwatch.ts";

let site: AdminSite;
let context: BrowserContext;
let url: string;
const format = createFormat(WORDS.en, "UTC");

const INCIDENTS = [
  ["inc_cards", "Card payments failed", "2026-07-24T09:12:00Z", "2026-07-24T09:31:00Z"],
  ["inc_some", "Failed for some customers", "2026-07-18T09:40:00Z", "2026-07-18T09:54:00Z"],
] as const;

const seedIncidents = (database: Database): Promise<void> =>
  database.transaction(async (tx) => {
    for (const [id, name, from, to] of INCIDENTS) {
      await tx`insert into incidents (id, name, status, impact, started_at, resolved_at)
               values (${id}, ${name}, 'resolved', 'major', ${from}, ${to})`;
      await tx`insert into incident_services (incident_id, service_id) values (${id}, 'checkout')`;
    }
  });

beforeAll(async () => {
  site = await startAdminSite(async (database) => {
    await seedSlos(database);
    await seedIncidents(database);
  });
  ({ url } = site);
  context = await site.signedIn(lookOf(1440, "light"));
});
afterAll(() => site.close());

const api = async <T>(path: string): Promise<T> => (await (await context.request.get(`${url}${path}`)).json()) as T;

/** What the figures of a reading are to look like, from the API's answer alone. */
const figuresOf = (slo: SloResource): Record<"attained" | "left" | "exhausted" | "coverage", string> => {
  const { reading, objective } = slo;
  if (reading === null) return { attained: "–", left: "–", exhausted: "–", coverage: "–" };
  const { remainingRatio, exhaustedInSeconds: seconds } = reading.budget;
  const share = (text: string | null): string => (text === null ? "–" : format.percent(Number(text), 1));
  return {
    attained: reading.total === 0 ? "–" : format.percentOf(reading.good, reading.total, digitsFor(objective)),
    left: share(remainingRatio).replace("-", "−"),
    exhausted: seconds === null ? "–" : seconds === 0 ? "spent" : `in ${format.span(seconds * 1_000)}`,
    coverage: share(reading.coverageRatio),
  };
};

/** Where each of them is marked, on the overview as on the page of an SLO. */
const MARKS = {
  attained: "attained ",
  left: "budget /reading/budget/remainingRatio",
  exhausted: "exhausted /reading/budget/exhaustedInSeconds",
  coverage: "share /reading/coverageRatio",
} as const;
const names = ["attained", "left", "exhausted", "coverage"] as const;

const figure = async (page: Page, scope: string, name: (typeof names)[number]): Promise<string> =>
  (await page.locator(`${scope} [data-figure="${MARKS[name]}"]`).first().innerText()).split("\n")[0]?.trim() ?? "";

describe("every figure is the API's", () => {
  test("on the overview, row by row", async () => {
    const { data } = await api<{ data: SloResource[] }>("/v1/slos");
    const { page } = await visit(context, `${url}/admin/slos`);
    expect(await page.locator("tbody tr").count()).toBe(data.length);
    for (const slo of data) {
      const row = `tr:has(a[href="/admin/slos/${slo.id}"])`;
      for (const name of names) expect(await figure(page, row, name), `${slo.id} ${name}`).toBe(figuresOf(slo)[name]);
      const isFiring = (await page.locator(row).innerText()).includes("firing");
      expect(isFiring, slo.id).toBe(slo.firingAlertIds.length > 0);
    }
    await page.close();
  });

  test.each(["checkout-availability", "mail-availability", "docs-availability"])("on the page of %s", async (id) => {
    const slo = await api<SloResource>(`/v1/slos/${id}`);
    const { page } = await visit(context, `${url}/admin/slos/${id}`);
    const text = await page.locator("main").innerText();
    if (slo.reading === null) expect(text).toContain("Not evaluated yet");
    else {
      for (const name of names) expect(await figure(page, ".facts", name), name).toBe(figuresOf(slo)[name]);
      const ledger = await api<LedgerResource>(`/v1/slos/${id}/ledger`);
      const rows = page.locator("section:has(#ledger) tbody tr");
      const shown = ledger.entries.filter(({ bad }) => bad > 0);
      expect(await rows.count()).toBe(shown.length);
      for (const [index, entry] of shown.entries()) {
        const row = await rows.nth(index).innerText();
        expect(row).toContain(format.percent(Number(entry.consumedRatio), 1));
        expect(row).toContain(entry.name ?? "Unattributed");
      }
      const forecast = await api<ForecastResource>(`/v1/slos/${id}/forecast`);
      const moment = forecast.recovered?.inSeconds ? forecast.recovered : forecast.exhausted;
      if (moment !== null && moment.inSeconds > 0)
        expect(text).toContain(`in ${format.span(moment.inSeconds * 1_000)}`);
    }
    const feasibility = await api<FeasibilityResource>(`/v1/slos/${id}/feasibility`);
    const needed = await page.locator("section:has(#feasibility) tbody tr td:nth-child(2)").allInnerTexts();
    expect(needed).toEqual(
      feasibility.pairs.map((pair) => (pair.isPossible ? String(pair.failuresNeeded) : "impossible")),
    );
    await page.close();
  });

  test("in the backtest that an address asks for, and within a second", async () => {
    const path = "/admin/slos/checkout-availability?objective=99.95&policy=pages&min_long=3&min_short=2";
    expect(await quickestMs(1_000, () => context.request.get(`${url}${path}`))).toBeLessThan(1_000);
    const { page } = await visit(context, `${url}${path}#backtest`);
    const query = "objective=99.95&policy=pages&minBad=3/2";
    const answer = await api<BacktestResource>(`/v1/slos/checkout-availability/backtest?${query}`);
    const row = await page.locator("section:has(#backtest) tbody tr").nth(1).innerText();
    expect(row).toContain(`${format.percentText("99.95")}, tried`);
    expect(row).toContain(format.percent(Number(answer.budget.remainingRatio), 1).replace("-", "−"));
    expect(row).toContain(String(answer.comparison.find(({ severity }) => severity === "page")?.would));
    expect(answer.pairs.every(({ severity }) => severity === "page")).toBe(true);
    expect(await page.locator("input[name=objective]").inputValue()).toBe("99.95");
    expect(await accessibilityFaults(page)).toEqual([]);
    await takePicture(page, "admin-slos-backtest-1440-light");
    await page.close();
  });
});

describe("the address is the view", () => {
  test("filters and groups leave only what they name, and the file has the same rows", async () => {
    const { page } = await visit(context, `${url}/admin/slos?state=firing&group=service`);
    expect(await page.locator("tbody th a").allInnerTexts()).toEqual(["checkout-availability"]);
    expect(await page.locator("tbody tr.group").innerText()).toContain("Checkout");
    const file = await context.request.get(`${url}/admin/slos/overview.csv?state=firing`);
    expect((await file.text()).trim().split("\r\n")).toHaveLength(2);
    const none = await visit(context, `${url}/admin/slos?q=nothing-like-it`);
    expect(await none.page.locator("main").innerText()).toContain("No SLO matches.");
    await none.page.close();
    await page.close();
  });

  test("a month of the ledger says what an outage cost of that month's budget", async () => {
    const { page } = await visit(context, `${url}/admin/slos/checkout-availability?spent=2026-07`);
    const ledger = await api<LedgerResource>(
      "/v1/slos/checkout-availability/ledger?from=2026-07-01T00:00:00Z&to=2026-08-01T00:00:00Z",
    );
    const cards = ledger.entries.find(({ id }) => id === "inc_cards");
    const share = format.percent(Number(cards?.consumedRatio), 1);
    expect(await page.locator("section:has(#ledger) tbody").innerText()).toContain(share);
    expect(await page.locator("section:has(#ledger) tbody tr .hidden").allTextContents()).toContain(
      `${share} of the budget of July 2026`,
    );
    await page.close();
  });

  test.each(["ko", "ru"] as const)("in %s no English is left, nothing scrolls sideways", async (language) => {
    await context.addCookies([{ name: "nines_language", value: language, url }]);
    for (const path of ["/admin/slos", "/admin/slos/checkout-availability?tz=Asia/Seoul"]) {
      const { page, complaints } = await visit(context, `${url}${path}`);
      const text = await page.locator("main").innerText();
      expect(text).not.toMatch(/Budget|Burn|Alerts|firing|Attain|Exclusions|failures/);
      expect(await scrollsSideways(page)).toBe(false);
      expect(complaints).toEqual([]);
      await takePicture(page, `${path.slice(1).split("?")[0]?.replaceAll("/", "-")}-1440-${language}`);
      await page.close();
    }
    await context.clearCookies({ name: "nines_language" });
  });
});
