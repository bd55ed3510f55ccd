import { BOUNCE_HOOK_PATH } from "#lib/contracts/inbound.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import type { MetricsFormat } from "#lib/runtime/metrics.ts";
import { METRICS_TYPES } from "#lib/runtime/metrics.ts";
import { answerAdminApi, isAdminApi } from "./api/admin-api.ts";
import { answerApi } from "./api/api.ts";
import type { ApiContext } from "./api/types.ts";
import type { Health } from "./health.ts";
import { answerHealth } from "./health-routes.ts";
import type { Exchange } from "./http/exchange.ts";
import { send } from "./http/exchange.ts";
import { metricsFormatFor } from "./http/negotiate.ts";
import type { Problem } from "./http/problem.ts";
import { problemOf, sendProblem } from "./http/problem.ts";
import type { Representation } from "./http/representation.ts";
import type { RequestTarget } from "./http/request-target.ts";
import { parseRequestTarget } from "./http/request-target.ts";
import { withoutTokens } from "./http/secret-path.ts";
import { COMMON_HEADERS, DATA_CONTENT_POLICY } from "./http/security-headers.ts";
import { sendRepresentation } from "./http/send-representation.ts";
import type { StaticFiles } from "./http/static-files.ts";
import type { Blackbox } from "./inbound/blackbox.ts";
import { answerBounces } from "./inbound/bounces.ts";
import { answerHeartbeat } from "./inbound/heartbeat-routes.ts";
import type { HeartbeatDesk } from "./inbound/heartbeats.ts";
import type { InboundContext } from "./inbound/inbound.ts";
import { answerInbound } from "./inbound/inbound.ts";
import type { IngestContext } from "./inbound/ingest.ts";
import { answerIngest } from "./inbound/ingest.ts";
import { metricsFor } from "./metrics-route.ts";
import type { NoticeKind } from "./notice-page.ts";
import { sendNotice } from "./notice-page.ts";
import type { PublicContext } from "./public-routes.ts";
import { answerFeed, answerPreflight, answerPublic, passGate } from "./public-routes.ts";
import { answerAdmin } from "./session/admin.ts";
import type { AdminContext } from "./session/admin-context.ts";
import type { Site } from "./site.ts";
import { answerSubscribers } from "./subscribe/subscribe.ts";

export type RouterContext = PublicContext & {
  readonly api: ApiContext;
  readonly admin: AdminContext;
  readonly ingest: IngestContext;
  readonly heartbeats: HeartbeatDesk;
  readonly inbound: InboundContext;
  readonly blackbox: Blackbox | null;
  readonly site: Site;
  readonly files: StaticFiles;
  readonly health: Health;
  readonly snapshot: () => Snapshot | null;
  readonly isPageReady: () => boolean;
  readonly collectMetrics: Readonly<Record<MetricsFormat, () => Promise<string>>>;
  /** `/openapi.json`, `/asyncapi.json` and `/docs` for clients that reach this server at `serverUrl`; null for other paths. */
  readonly descriptions: (path: string, serverUrl: string) => Promise<Representation> | null;
  /** Address of this server when the page has none configured. */
  readonly baseUrl: () => string;
};

type Target = Extract<RequestTarget, { kind: "path" }>;

/** Addresses for programs get problem details, all others a page for people. */
const isForPrograms = (path: string): boolean =>
  /^\/(v1|api|live|ping|ingest|hooks|alertmanager|healthz?|metrics|probe|(?:open|async)api\.json|admin\/(session|api))(\/|$)/.test(
    path,
  );

const NOTICE_KINDS: Readonly<Record<number, NoticeKind>> = {
  400: "bad-address",
  404: "not-found",
  405: "method",
  414: "bad-address",
  421: "not-found",
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

const answerFixed = async (context: RouterContext, exchange: Exchange, target: Target): Promise<number | null> => {
  const health = answerHealth(context, exchange);
  if (health !== null) {
    exchange.route = exchange.path;
    return health;
  }
  if (target.path === "/metrics") {
    exchange.route = "/metrics";
    const format = metricsFormatFor(exchange.req.headers.accept);
    const text = await metricsFor(context, exchange.req, format);
    return sendText(exchange, text, METRICS_TYPES[format], ["Vary", "Accept"]);
  }
  if (target.path === "/probe" && context.blackbox !== null) {
    exchange.route = "/probe";
    return context.blackbox.answer(exchange, target.query);
  }
  const description = context.descriptions(target.path, context.snapshot()?.page.url ?? context.baseUrl());
  if (description !== null) {
    exchange.route = target.path;
    return sendRepresentation(exchange, await description);
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
  const refuseHere = (problem: Problem): number => refuse(context, exchange, problem);
  const gate = await passGate(context, exchange, { target, refuse: refuseHere });
  if (gate !== null) return gate;
  if (isAdminApi(target.segments)) return answerAdminApi(context.api, exchange, target);
  if (first === "admin") return answerAdmin(context.admin, exchange);
  if (first === "v1") return answerApi(context.api, exchange, target);
  if (first === "ingest") return answerIngest(context.ingest, exchange, target.path);
  if (target.path === BOUNCE_HOOK_PATH) return answerBounces(context.api, exchange);
  if (first === "hooks" || first === "alertmanager") return answerInbound(context.inbound, exchange, target);
  const heartbeat = answerHeartbeat(context.heartbeats, exchange, target);
  if (heartbeat !== null) return heartbeat;
  const subscribers = answerSubscribers(context, exchange, target);
  if (subscribers !== null) return subscribers;
  const preflight = answerPreflight(exchange, target);
  if (preflight !== null) return preflight;
  if (method !== "GET" && method !== "HEAD") {
    return refuse(context, exchange, problemOf("METHOD_NOT_ALLOWED", "this address can only be read"), [
      "Allow",
      "GET, HEAD",
      "Connection",
      "close",
    ]);
  }
  if (first === "_next" && !context.admin.isProduction) {
    exchange.route = "/_next/*";
    await context.admin.renderer.pass(exchange.req, exchange.res);
    return exchange.res.statusCode;
  }
  return (
    (await answerFeed(context, exchange, target)) ??
    (await answerFixed(context, exchange, target)) ??
    answerPublic(context, exchange, { target, refuse: refuseHere })
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
