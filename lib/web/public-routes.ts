import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { archivedIdOf } from "#lib/contracts/snapshot-archive.ts";
import { statuspageId } from "#lib/contracts/statuspage-id.ts";
import { answerLive, LIVE_PATH } from "./answer-live.ts";
import { answerTheme } from "./answer-theme.ts";
import type { Exchange } from "./http/exchange.ts";
import { send } from "./http/exchange.ts";
import type { Problem } from "./http/problem.ts";
import { problemOf, sendProblem } from "./http/problem.ts";
import { clientAddressOf } from "./http/rate-caller.ts";
import type { RequestTarget } from "./http/request-target.ts";
import { COMMON_HEADERS } from "./http/security-headers.ts";
import { sendRefusal, sendRepresentation } from "./http/send-representation.ts";
import { sendNotice } from "./notice-page.ts";
import { pageIdAt, publicPathOf, routeOfPage } from "./page-slices.ts";
import { signInPathFor } from "./session/session-cookie.ts";
import type { SiteDesk } from "./site-desk.ts";
import { STATUSPAGE_NAMES, STATUSPAGE_PREFIX } from "./statuspage-cache.ts";

type Target = Extract<RequestTarget, { kind: "path" }>;

/** What public addresses are answered from: the desk of the page that the Host header names. */
export type PublicContext = {
  readonly desk: SiteDesk;
  /** No page is served at the host that was asked for. */
  readonly isMisdirected: boolean;
  /** How many proxies in front of us are ours. */
  readonly trustedHops: number;
};

/** First segments of addresses that are no part of a page: they have rules of their own, or hold nothing of anybody's. */
const OUTSIDE_PAGES: ReadonlySet<string | undefined> = new Set([
  ...["admin", "v1", "ingest", "hooks", "alertmanager", "ping", "health", "metrics", "probe"],
  ...["openapi.json", "asyncapi.json", "docs", "_next", "_static", "favicon.svg", "favicon.ico"],
]);

const isOfPage = ([first, second]: readonly string[]): boolean =>
  first === "api" ? second === "v2" : !OUTSIDE_PAGES.has(first);

const redirect = (exchange: Exchange, location: string): number => {
  send(
    exchange,
    302,
    ["Location", location, "Content-Length", "0", "Cache-Control", "no-store", ...COMMON_HEADERS],
    null,
  );
  return 302;
};

type Refuse = (problem: Problem) => number;

/** What stands between a visitor and everything of a page. Null: nothing, go on. */
export const passGate = async (
  { desk, isMisdirected, trustedHops }: PublicContext,
  exchange: Exchange,
  { target, refuse }: { readonly target: Target; readonly refuse: Refuse },
): Promise<number | null> => {
  if (!isOfPage(target.segments)) return null;
  if (isMisdirected) return refuse(problemOf("NOT_FOUND", "no page is served at this host", 421));
  if (desk.isPublic() || desk.snapshot() === null) return null;
  // RFC 8058: a mail program that nobody let in ends a subscription; the signed link is its leave.
  if (target.segments[0] === "unsubscribe" && exchange.req.method === "POST") return null;
  exchange.isPrivate = true;
  const admission = await desk.admit(exchange.req, clientAddressOf(exchange.req, trustedHops));
  switch (admission.kind) {
    case "admitted":
      return null;
    case "absent":
      return refuse(problemOf("NOT_FOUND", "there is no such page"));
    case "sign_in":
      return pageIdAt(target.path) === null
        ? refuse(problemOf("UNAUTHENTICATED", "sign in to see this page"))
        : redirect(exchange, signInPathFor(target.path));
  }
};

/** A 404 in the looks of the page when it has been rendered; `refuse` otherwise. */
const answerAbsent = async ({ desk }: PublicContext, exchange: Exchange, refuse: Refuse): Promise<number> => {
  const language = desk.site.languageOf(exchange.req, new URLSearchParams());
  const page = desk.pages.isReady("not-found", language) ? await desk.pages.get("not-found", language) : null;
  if (page !== null) return sendRefusal(exchange, page, 404);
  return refuse(problemOf("NOT_FOUND", "there is no such page"));
};

const answerPage = async (
  context: PublicContext,
  exchange: Exchange,
  { target, refuse }: { readonly target: Target; readonly refuse: Refuse },
): Promise<number> => {
  const { pages, site, snapshot } = context.desk;
  const pageId = site.pageAt(target.path);
  const language = site.languageOf(exchange.req, target.query);
  if (pageId === "home" && snapshot() === null) {
    exchange.route = "/";
    return sendNotice(exchange, { status: 503, kind: "starting", language });
  }
  if (pageId === null || !pages.has(pageId)) return answerAbsent(context, exchange, refuse);
  exchange.route = routeOfPage(pageId);
  const representation = await pages.get(pageId, language);
  if (representation === null) return sendNotice(exchange, { status: 503, kind: "starting", language });
  // Whatever else stands in the query changes nothing, and must not fill caches with copies.
  const isPlain = target.query.size === 0 || (target.query.size === 1 && target.query.get("lang") === language);
  return sendRepresentation(exchange, representation, !isPlain);
};

const CORS = ["Access-Control-Allow-Origin", "*"];

const answerStatuspage = ({ desk }: PublicContext, exchange: Exchange, target: Target): number => {
  exchange.route = `${STATUSPAGE_PREFIX}*`;
  const isKnown = STATUSPAGE_NAMES.some((name) => target.path === `${STATUSPAGE_PREFIX}${name}`);
  if (!isKnown) return sendProblem(exchange, problemOf("NOT_FOUND", "there is no such resource"), CORS);
  exchange.route = target.path;
  const representation = desk.statuspage.peek(target.path);
  if (representation === null)
    return sendProblem(exchange, problemOf("NOT_READY", "the first results are being collected"), CORS);
  return sendRepresentation(exchange, representation, target.hasQuery);
};

const SHORT_ID = /^[0-9a-z]{12}$/;

/** Where what a short link names is told; null when it names nothing. Always a path of this server (T21). */
const placeOf = (snapshot: Snapshot, shortId: string): string | null => {
  const incident = snapshot.incidents.find(({ id }) => statuspageId("incident", id) === shortId);
  if (incident !== undefined) return publicPathOf(`incident:${incident.id}`);
  const archived = archivedIdOf(snapshot.archive ?? [], shortId);
  if (archived !== null) return publicPathOf(`incident:${archived}`);
  const maintenance = snapshot.maintenances?.find(({ id }) => statuspageId("maintenance", id) === shortId);
  return maintenance === undefined ? null : `/maintenance#m-${shortId}`;
};

/** `/i/{shortId}`, as the Statuspage API gives it out, and `/incidents/{shortId}`, as it did before. */
const answerShortLink = ({ desk }: PublicContext, exchange: Exchange, target: Target): number | null => {
  const [first, id, ...rest] = target.segments;
  if ((first !== "i" && first !== "incidents") || id === undefined || rest.length > 0) return null;
  if (!SHORT_ID.test(id)) return null;
  const snapshot = desk.snapshot();
  const place = snapshot === null ? null : placeOf(snapshot, id);
  if (place === null) return null;
  exchange.route = `/${first}/{id}`;
  return redirect(exchange, place);
};

/** The preflight of the Statuspage API, which every origin may read; null for other addresses. */
export const answerPreflight = (exchange: Exchange, target: Target): number | null => {
  if (exchange.req.method !== "OPTIONS" || !target.path.startsWith(STATUSPAGE_PREFIX)) return null;
  exchange.route = `${STATUSPAGE_PREFIX}*`;
  const rules = ["Access-Control-Allow-Methods", "GET, HEAD", "Access-Control-Allow-Headers", "*"];
  send(exchange, 204, [...CORS, ...rules, "Access-Control-Max-Age", "86400", ...COMMON_HEADERS], null);
  return 204;
};

/** Feeds, calendar, badges, widget and robots of a page; null for other addresses. */
export const answerFeed = ({ desk }: PublicContext, exchange: Exchange, target: Target): Promise<number> | null =>
  desk.feeds.answer(exchange, target, desk.snapshot(), !desk.isPublic());

/** GET and HEAD of everything that belongs to a page and has no line of its own in the router. */
export const answerPublic = async (
  context: PublicContext,
  exchange: Exchange,
  asked: { readonly target: Target; readonly refuse: Refuse },
): Promise<number> => {
  const { target } = asked;
  if (target.path.startsWith(STATUSPAGE_PREFIX)) return answerStatuspage(context, exchange, target);
  if (target.path === LIVE_PATH)
    return answerLive(context.desk, exchange, {
      query: target.query,
      address: clientAddressOf(exchange.req, context.trustedHops),
    });
  return (
    answerTheme(exchange, target.path, context.desk.snapshot()) ??
    answerShortLink(context, exchange, target) ??
    answerPage(context, exchange, asked)
  );
};
