import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { statuspageId } from "#lib/contracts/statuspage-id.ts";
import type { MetricsFormat } from "#lib/runtime/metrics.ts";
import { METRICS_TYPES } from "#lib/runtime/metrics.ts";
import type { AdminContext } from "./admin.ts";
import { answerAdmin } from "./admin.ts";
import { answerApi } from "./api.ts";
import type { ApiContext } from "./api-types.ts";
import type { Blackbox } from "./blackbox.ts";
import type { Exchange } from "./exchange.ts";
import { send } from "./exchange.ts";
import type { Health } from "./health.ts";
import { answerHeartbeat } from "./heartbeat-routes.ts";
import type { HeartbeatDesk } from "./heartbeats.ts";
import type { InboundContext } from "./inbound.ts";
import { answerInbound } from "./inbound.ts";
import type { IngestContext } from "./ingest.ts";
import { answerIngest } from "./ingest.ts";
import { metricsFormatFor } from "./negotiate.ts";
import type { NoticeKind } from "./notice-page.ts";
import { sendNotice } from "./notice-page.ts";
import type { PageCache } from "./page-cache.ts";
import type { Problem } from "./problem.ts";
import { problemOf, sendProblem } from "./problem.ts";
import type { Representation } from "./representation.ts";
import type { RequestTarget } from "./request-target.ts";
import { parseRequestTarget } from "./request-target.ts";
import { withoutTokens } from "./secret-path.ts";
import { COMMON_HEADERS, DATA_CONTENT_POLICY } from "./security-headers.ts";
import { sendJson } from "./send-json.ts";
import { sendRepresentation } from "./send-representation.ts";
import type { Site } from "./site.ts";
import { routeOfPage } from "./site.ts";
import type { StaticFiles } from "./static-files.ts";
import type { StatuspageCache } from "./statuspage-cache.ts";
import { STATUSPAGE_NAMES, STATUSPAGE_PREFIX } from "./statuspage-cache.ts";

export type RouterContext = {
  readonly api: ApiContext;
  readonly admin: AdminContext;
  readonly ingest: IngestContext;
  readonly heartbeats: HeartbeatDesk;
  readonly inbound: InboundContext;
  readonly blackbox: Blackbox | null;
  readonly site: Site;
  readonly pages: PageCache;
  readonly statuspage: StatuspageCache;
  readonly files: StaticFiles;
  readonly health: Health;
  readonly snapshot: () => Snapshot | null;
  readonly isPageReady: () => boolean;
  readonly collectMetrics: Readonly<Record<MetricsFormat, () => Promise<string>>>;
  /** The description of the API for clients that reach this server at `serverUrl`. */
  readonly openApi: (serverUrl: string) => Promise<Representation>;
  /** Address of this server when the page has none configured. */
  readonly baseUrl: () => string;
};

type Target = Extract<RequestTarget, { kind: "path" }>;

/** Addresses for programs get problem details, all others a page for people. */
const isForPrograms = (path: string): boolean =>
  /^\/(v1|api|ping|ingest|hooks|alertmanager|health|metrics|probe|openapi\.json|admin\/session)(\/|$)/.test(path);

const NOTICE_KINDS: Readonly<Record<number, NoticeKind>> = {
  400: "bad-address",
  404: "not-found",
  405: "method",
  414: "bad-address",
  503: "starting",
};

/** The same refusal in the form that fits the address. */
export const refuse = (
  context: Pick<RouterContext, "site">,
  exchange: Exchange,
  problem: Problem,
  headers: readonly string[] = [],
): number => {
  if (isForPrograms(exchange.path)) return sendProblem(exchange, problem, headers);
  const language = context.site.languageOf(exchange.req, new URLSearchParams());
  return sendNotice(exchange, {
    status: problem.status,
    kind: NOTICE_KINDS[problem.status] ?? "error",
    language,
    headers,
  });
};

const sendText = (exchange: Exchange, text: string, contentType: string, headers: readonly string[]): number => {
  const length = String(Buffer.byteLength(text));
  send(
    exchange,
    200,
    [
      "Content-Type",
      contentType,
      "Content-Length",
      length,
      "Cache-Control",
      "no-store",
      "Content-Security-Policy",
      DATA_CONTENT_POLICY,
      ...COMMON_HEADERS,
      ...headers,
    ],
    text,
  );
  return 200;
};

const answerHealth = (context: RouterContext, exchange: Exchange): Promise<number> | null => {
  const options = { cacheControl: "no-store" };
  switch (exchange.path) {
    case "/health/live":
      return sendJson(exchange, { status: "ok" }, options);
    case "/health/ready": {
      const readiness = context.health.readiness();
      return sendJson(exchange, readiness, { ...options, status: readiness.status === "ok" ? 200 : 503 });
    }
    case "/health/page": {
      const isReady = context.isPageReady();
      const body = { status: isReady ? "ok" : "failed", dataAsOf: context.snapshot()?.dataAsOf ?? null };
      return sendJson(exchange, body, { ...options, status: isReady ? 200 : 503 });
    }
    default:
      return null;
  }
};

const answerPage = async (context: RouterContext, exchange: Exchange, target: Target): Promise<number> => {
  const { pages, site } = context;
  const pageId = site.pageAt(target.path);
  const language = site.languageOf(exchange.req, target.query);
  if (pageId !== null && context.snapshot() === null && pageId === "home") {
    exchange.route = "/";
    return sendNotice(exchange, { status: 503, kind: "starting", language });
  }
  if (pageId === null || !pages.has(pageId))
    return refuse(context, exchange, problemOf("NOT_FOUND", "there is no such page"));
  exchange.route = routeOfPage(pageId);
  const representation = await pages.get(pageId, language);
  if (representation === null) return sendNotice(exchange, { status: 503, kind: "starting", language });
  // Whatever else stands in the query changes nothing, and must not fill caches with copies.
  const isPlain =
    [...target.query.keys()].every((key) => key === "lang") &&
    (!target.query.has("lang") || target.query.get("lang") === language);
  return sendRepresentation(exchange, representation, !isPlain);
};

const answerStatuspage = (context: RouterContext, exchange: Exchange, target: Target): number => {
  exchange.route = `${STATUSPAGE_PREFIX}*`;
  const isKnown = STATUSPAGE_NAMES.some((name) => target.path === `${STATUSPAGE_PREFIX}${name}`);
  if (!isKnown)
    return sendProblem(exchange, problemOf("NOT_FOUND", "there is no such resource"), [
      "Access-Control-Allow-Origin",
      "*",
    ]);
  exchange.route = target.path;
  const representation = context.statuspage.peek(target.path);
  if (representation === null) {
    return sendProblem(exchange, problemOf("NOT_READY", "the first results are being collected"), [
      "Access-Control-Allow-Origin",
      "*",
    ]);
  }
  return sendRepresentation(exchange, representation, target.hasQuery);
};

/** An incident's own page comes later; its address is given out already, so it leads to where the incident is told. */
const answerIncident = (context: RouterContext, exchange: Exchange, target: Target): number | null => {
  const [first, id, ...rest] = target.segments;
  if (first !== "incidents" || id === undefined || rest.length > 0) return null;
  const isKnown =
    context.snapshot()?.incidents.some((incident) => statuspageId("incident", incident.id) === id) === true;
  if (!isKnown) return null;
  exchange.route = "/incidents/{id}";
  send(exchange, 302, ["Location", "/", "Content-Length", "0", "Cache-Control", "no-store", ...COMMON_HEADERS], null);
  return 302;
};

const answerFixed = async (context: RouterContext, exchange: Exchange, target: Target): Promise<number | null> => {
  const health = answerHealth(context, exchange);
  if (health !== null) {
    exchange.route = exchange.path;
    return health;
  }
  if (target.path === "/metrics") {
    exchange.route = "/metrics";
    const format = metricsFormatFor(exchange.req.headers.accept);
    return sendText(exchange, await context.collectMetrics[format](), METRICS_TYPES[format], ["Vary", "Accept"]);
  }
  if (target.path === "/probe" && context.blackbox !== null) {
    exchange.route = "/probe";
    return context.blackbox.answer(exchange, target.query);
  }
  if (target.path === "/openapi.json") {
    exchange.route = "/openapi.json";
    return sendRepresentation(exchange, await context.openApi(context.snapshot()?.page.url ?? context.baseUrl()));
  }
  const file = context.files.get(target.path);
  if (file !== null) {
    exchange.route = target.path.startsWith("/_next/") ? "/_next/static/*" : target.path;
    return sendRepresentation(exchange, await file);
  }
  return null;
};

const answerOther = async (context: RouterContext, exchange: Exchange, target: Target): Promise<number> => {
  const [first] = target.segments;
  const { method } = exchange.req;
  if (first === "admin") return answerAdmin(context.admin, exchange);
  if (first === "v1") return answerApi(context.api, exchange, target);
  if (first === "ingest") return answerIngest(context.ingest, exchange, target.path);
  if (first === "hooks" || first === "alertmanager") return answerInbound(context.inbound, exchange, target);
  const heartbeat = answerHeartbeat(context.heartbeats, exchange, target);
  if (heartbeat !== null) return heartbeat;
  const isStatuspage = target.path.startsWith(STATUSPAGE_PREFIX);
  if (isStatuspage && method === "OPTIONS") {
    const cors = [
      "Access-Control-Allow-Origin",
      "*",
      "Access-Control-Allow-Methods",
      "GET, HEAD",
      "Access-Control-Allow-Headers",
      "*",
      "Access-Control-Max-Age",
      "86400",
    ];
    exchange.route = `${STATUSPAGE_PREFIX}*`;
    send(exchange, 204, [...cors, ...COMMON_HEADERS], null);
    return 204;
  }
  if (method !== "GET" && method !== "HEAD") {
    return refuse(context, exchange, problemOf("METHOD_NOT_ALLOWED", "this address can only be read"), [
      "Allow",
      "GET, HEAD",
      "Connection",
      "close",
    ]);
  }
  if (isStatuspage) return answerStatuspage(context, exchange, target);
  if (first === "_next" && !context.admin.isProduction) {
    exchange.route = "/_next/*";
    await context.admin.renderer.pass(exchange.req, exchange.res);
    return exchange.res.statusCode;
  }
  return (
    (await answerFixed(context, exchange, target)) ??
    answerIncident(context, exchange, target) ??
    answerPage(context, exchange, target)
  );
};

/** Everything that the quick look-up did not answer. Internal routes of Next have no address here. */
export const answerRequest = async (context: RouterContext, exchange: Exchange): Promise<number> => {
  exchange.route = "unmatched";
  const target = parseRequestTarget(exchange.req.url ?? "/");
  if (target.kind === "refused") {
    exchange.path = withoutTokens((exchange.req.url ?? "/").split("?", 1)[0] ?? "/").slice(0, 200);
    const code = target.status === 404 ? "NOT_FOUND" : "INVALID_REQUEST";
    return refuse(
      context,
      exchange,
      problemOf(code, target.reason, target.status),
      target.status === 404 ? [] : ["Connection", "close"],
    );
  }
  exchange.path = withoutTokens(target.path);
  return answerOther(context, exchange, target);
};
