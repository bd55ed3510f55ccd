import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BOUNCE_HOOK_PATH } from "#lib/contracts/inbound.ts";
import { INBOUND_PATHS } from "#lib/contracts/inbound-paths.ts";
import { PROBES_PATH, RUNS_PATH } from "#lib/contracts/ingest.ts";
import { openApiDocument } from "#lib/contracts/openapi.ts";
import { V1_OPERATIONS } from "#lib/contracts/operations.ts";
import { NEWS_PATHS } from "#lib/read/feeds/news-feeds.ts";
import { STATUSPAGE_NAMES, STATUSPAGE_PREFIX } from "../statuspage-cache.ts";
import { SUBSCRIBERS_JSON_PATH } from "../subscribe/subscribers-statuspage.ts";

/**
 * Whoever adds a route names it by `exchange.route`, for the metrics. So the places where that is written are all routes
 * there are: a literal must be described, and what is no literal is listed here with the paths that it stands for.
 */
const COMPUTED: Readonly<Record<string, readonly string[]>> = {
  'route.kind === "none" ? "/v1/*" : route.kind === "found" ? route.operation.path : route.path': V1_OPERATIONS.map(
    ({ path }) => path,
  ),
  "operation.path": V1_OPERATIONS.map(({ path }) => path),
  "route.path": V1_OPERATIONS.map(({ path }) => path),
  // ingest.ts and inbound.ts: the keys of their tables of methods.
  path: [RUNS_PATH, PROBES_PATH, ...Object.keys(INBOUND_PATHS)],
  // router.ts: answerHealth, and the files of `/api/v2`.
  "exchange.path": ["/health/live", "/health/ready", "/health/page"],
  "target.path": [
    ...STATUSPAGE_NAMES.map((name) => `${STATUSPAGE_PREFIX}${name}`),
    "/openapi.json",
    "/asyncapi.json",
    "/docs",
  ],
  // feeds.ts: those for people and their browsers (widget, robots.txt, sitemap.xml) are left out.
  "routeOf(target.path)": [...NEWS_PATHS, "/calendar.ics", "/badge/{service}"],
  SUBSCRIBERS_JSON_PATH: [SUBSCRIBERS_JSON_PATH],
  BOUNCE_HOOK_PATH: [BOUNCE_HOOK_PATH],
};
/** Pages and files for people, what leads to them, and words for "no such address". */
const NOT_OF_THE_API: ReadonlySet<string> = new Set([
  '"/"',
  '"/incidents/{id}"',
  '"/v1/*"',
  '"/ingest/*"',
  '"/_next/*"',
  '"unmatched"',
  'path.startsWith("/hooks") ? "/hooks/*" : "/alertmanager/*"',
  "`${STATUSPAGE_PREFIX}*`",
  "routeOfPage(pageId)",
  "quick.route",
  "LIVE_PATH",
  "`/${first}/{id}`",
  "SUBSCRIBE_CSS_PATH",
  "found.route",
  '"/theme.css"',
  'FORM_PATHS.has(path) ? path : "/admin/*"',
  'target.path.startsWith("/_next/") ? "/_next/static/*" : target.path',
]);

const WEB = join(import.meta.dirname, "..");
const written = readdirSync(WEB, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  .flatMap((name) => [...readFileSync(join(WEB, name), "utf8").matchAll(/\.route = ([^;]+);/g)])
  .map(([, expression]) => expression as string)
  .filter((expression) => !NOT_OF_THE_API.has(expression));

const document = openApiDocument({ version: "1.2.3", serverUrl: "https://status.example.com" }) as {
  paths: Record<string, unknown>;
};

test("every route of the router is described in the OpenAPI document", () => {
  expect(written.length).toBeGreaterThan(8);
  for (const expression of written) {
    const routes = expression.startsWith('"') ? [JSON.parse(expression) as string] : COMPUTED[expression];
    expect(routes, `add what ${expression} stands for to this test`).toBeDefined();
    for (const route of routes ?? []) expect(Object.keys(document.paths), `describe ${route}`).toContain(route);
  }
});
