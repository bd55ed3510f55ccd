import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Database } from "#db/database.ts";
import { MetricsResource } from "#lib/contracts/metrics.ts";
import { ProbeTrialResource } from "#lib/contracts/probes.ts";
import { epochMs, MINUTE_MS } from "#lib/core/units.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { AdminSite } from "#test/support/admin-site.ts";
import { inspectPage, lookOf, startAdminSite } from "#test/support/admin-site.ts";
import { listenOn } from "#test/support/check-world.ts";
import { accessibilityFaults, takePicture, visit } from "#test/support/page-harness.ts";
import { seedProbes } from "#test/support/sample-probes.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 200_000 });

let site: AdminSite;
let database: Database;
let url: string;
let asked = 0;
const NOW = epochMs(Math.floor(systemClock.now() / MINUTE_MS) * MINUTE_MS);
const UNTIL = new Date(NOW).toISOString();
let target: Awaited<ReturnType<typeof listenOn>>;

beforeAll(async () => {
  target = await listenOn(
    createServer((_request, response) => {
      asked += 1;
      response.writeHead(200, { "content-type": "text/plain" }).end("nearly all is fine");
    }),
  );
  const targetUrl = `http://127.0.0.1:${target.port}/`;
  site = await startAdminSite((filled) => seedProbes(filled, { targetUrl, now: NOW }));
  ({ url, database } = site);
});
afterAll(async () => {
  await site.close();
  await target.close();
});

const signedIn = (width: number, theme: "light" | "dark") => site.signedIn(lookOf(width, theme));

const HOME = `/admin/probes/shop-home?until=${UNTIL}`;
const PAGES = [
  { path: "/admin/services", name: "services" },
  { path: "/admin/services/shop", name: "service" },
  { path: "/admin/services/database", name: "service-needed" },
  { path: HOME, name: "probe" },
];

describe("probes and services", () => {
  test.each(PAGES)("$path: readable by everyone in six looks, every figure the API's", async ({ path, name }) => {
    const context = await signedIn(1440, "light");
    const { page, status, complaints } = await visit(context, `${url}${path}`);
    expect(status).toBe(200);
    const { faults, figures } = await inspectPage(context, page, name);
    expect(faults).toEqual([]);
    expect(figures).toBeGreaterThan(2);
    expect(complaints).toEqual([]);
    await context.close();
  });
});

/** The cells of a file, without its quotes. */
const cellsOf = (text: string): string[][] =>
  text
    .trim()
    .split("\r\n")
    .map((line) => line.slice(1, -1).split('","'));

describe("what the pages say", () => {
  test("is what GET /v1/metrics and GET /v1/runs answer to the same question", async () => {
    const context = await signedIn(1440, "light");
    const from = new Date(NOW - 6 * 60 * MINUTE_MS).toISOString();
    const answer = await context.request.get(
      `${url}/admin/api/v1/metrics?probe=shop-home&from=${from}&to=${UNTIL}&step=5m`,
    );
    const metrics = MetricsResource.parse(await answer.json());
    const file = await context.request.get(`${url}/admin/probes/shop-home/red.csv?range=6h&until=${UNTIL}`);
    const [head = [], ...rows] = cellsOf(await file.text());
    const shown = rows.map((row) => Object.fromEntries(head.map((name, index) => [name, row[index]])));
    const text = (value: number | null): string => (value === null ? "" : String(value));
    expect(
      shown.map(({ at, total, errors, p95_ms, class_bad_status }) => [at, total, errors, p95_ms, class_bad_status]),
    ).toEqual(
      metrics.points.map(({ at, total, errors, durationMs, byClass }) => [
        ...[at, String(total), String(errors), text(durationMs.p95), String(byClass.bad_status ?? 0)],
      ]),
    );
    const { page } = await visit(context, `${url}${HOME}&range=6h`);
    const errors = metrics.points.reduce((sum, point) => sum + point.errors, 0);
    const runs = metrics.points.reduce((sum, point) => sum + point.total, 0);
    expect(errors).toBeGreaterThan(10);
    const fact = await page.locator("main > .facts > div").nth(1).innerText();
    expect(fact.replaceAll(",", "")).toContain(`${errors} of ${runs} runs`);
    const listed = await context.request.get(`${url}/admin/api/v1/runs?probe=shop-home&to=${UNTIL}&limit=20`);
    const { data } = (await listed.json()) as { data: { traceId: string; scheduledAt: string; class: string }[] };
    const times = page.locator(".runs tbody time");
    expect(await times.evaluateAll((all) => all.map((one) => one.getAttribute("datetime")))).toEqual(
      data.map(({ scheduledAt }) => scheduledAt),
    );
    const seen = page.locator(".runs tbody");
    expect(await seen.innerText()).toContain("body contains");
    expect(await seen.innerText()).toContain("Try 2");
    await context.close();
  });

  test("draws hours without runs as unknown: no value, a gap in every line, and dashes on the ground", async () => {
    const context = await signedIn(1440, "light");
    const { page } = await visit(context, `${url}${HOME}`);
    const rows = await page.locator("section[aria-labelledby=durations] tbody tr").allTextContents();
    expect(rows.filter((row) => row.includes("no data")).length).toBeGreaterThan(0);
    expect(await page.locator("section[aria-labelledby=rate] path.unknown").getAttribute("d")).toMatch(/^M\d+ 100h10/);
    const line = await page.locator("section[aria-labelledby=durations] path.p95").first().getAttribute("d");
    expect((line ?? "").match(/M/g)?.length ?? 0).toBeGreaterThan(1);
    const file = await context.request.get(`${url}/admin/probes/shop-home/runs.csv?until=${UNTIL}`);
    expect(file.headers()["content-type"]).toContain("text/csv");
    await context.close();
  });

  test("a service says what would be inhibited, and its journey which step fails", async () => {
    const context = await signedIn(768, "light");
    const { page } = await visit(context, `${url}/admin/services/database`);
    const inhibited = await page.locator("section[aria-labelledby=inhibited] tbody th").allInnerTexts();
    expect([...new Set(inhibited)]).toEqual(["Shop API", "Payments", "Search"]);
    expect(await page.locator(".dependencies a").count()).toBe(4);
    await page.goto(`${url}/admin/services/shop`);
    const steps = page.locator("section[aria-labelledby=parts-buy-one-item] tbody");
    expect(await steps.locator("th").allInnerTexts()).toEqual(["Open the shop", "Pay", "Receipt"]);
    expect(await steps.locator("svg.marks").first().getAttribute("aria-label")).toBe(
      "20 of the 20 newest looks were good",
    );
    await context.close();
  });

  test("run now asks the target once, shows what it saw, and counts nowhere", async () => {
    const context = await signedIn(768, "light");
    const runsNow = () => database.read((db) => db<{ n: number }[]>`select count(*)::int4 as n from runs`);
    const [before] = await runsNow();
    const { page, complaints } = await visit(context, `${url}${HOME}`);
    const answered = page.waitForResponse((response) => response.url().endsWith("/v1/probes/shop-home/run"));
    await page.getByRole("button", { name: "Run now" }).click();
    const trial = ProbeTrialResource.parse(await (await answered).json());
    expect(trial).toMatchObject({ class: "body_mismatch", httpStatus: 200, isCounted: false });
    await page.getByText("nearly all is fine").waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await takePicture(page, "admin-probe-run-now-768-light");
    expect([asked, complaints]).toEqual([1, []]);
    const [after] = await runsNow();
    expect(after).toEqual(before);
    const audit = await database.read((db) => db`select actor from audit_log where action = 'probe.run_now'`);
    expect(audit[0]?.actor).toMatch(/^user:/);
    await context.close();
  });

  test("the first load of a probe's page is at most 300 kB", async () => {
    const context = await signedIn(1440, "light");
    const { page, transferred } = await visit(context, `${url}${HOME}&range=7d`);
    await page.waitForLoadState("networkidle");
    expect(await transferred()).toBeLessThanOrEqual(300_000);
    await context.close();
  });
});
