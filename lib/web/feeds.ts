import { createHash } from "node:crypto";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { AppError } from "#lib/core/errors.ts";
import type { FeedFile } from "#lib/read/feeds/feed-args.ts";
import { FEED_PARAMETERS, feedFile, isFeedPath } from "#lib/read/feeds/index.ts";
import { WIDGET_STYLE } from "#lib/read/feeds/widget.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Exchange } from "./http/exchange.ts";
import { problemOf, problemOfError, sendProblem } from "./http/problem.ts";
import type { Representation } from "./http/representation.ts";
import { buildRepresentation } from "./http/representation.ts";
import type { RequestTarget } from "./http/request-target.ts";
import { DATA_CONTENT_POLICY } from "./http/security-headers.ts";
import { sendRepresentation } from "./http/send-representation.ts";
import { STALE_AFTER_MS } from "./page-entry.ts";

type Target = Extract<RequestTarget, { kind: "path" }>;

/** Feeds, calendar, badges, widget, robots of one page, each built from its view of the snapshot when it is asked for. */
export type FeedDesk = {
  /**
   * Null: the address is none of these. `isPrivate` is for pages that not everybody may see: no cache keeps the answer.
   * A feed that did not change keeps its tag and date over new snapshots.
   */
  readonly answer: (
    exchange: Exchange,
    target: Target,
    view: Snapshot | null,
    isPrivate?: boolean,
  ) => Promise<number> | null;
};

type Kept = { readonly seen: string; readonly text: string; readonly representation: Representation };

/** Addresses with their parameters that are kept ready. */
const MOST_KEPT = 500;
const CORS = ["Access-Control-Allow-Origin", "*", "Cross-Origin-Resource-Policy", "cross-origin"];
const CACHE_CONTROL = "public, max-age=60, stale-while-revalidate=300, stale-if-error=86400";
/** Text of badges comes from people: even opened as a document a badge runs nothing and loads nothing. */
const BADGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
/** The one page of ours that may stand in a frame of another site. */
const WIDGET_POLICY = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(WIDGET_STYLE).digest("base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors *`;

/** A frame has no script that could fetch news. */
const LOOK_AGAIN = ["Refresh", "60"];

const policyOf = (path: string): string => {
  if (path.endsWith(".svg")) return BADGE_POLICY;
  return path === "/widget" ? WIDGET_POLICY : DATA_CONTENT_POLICY;
};

const routeOf = (path: string): string => (path.startsWith("/badge/") ? "/badge/{service}" : path);

const build = (path: string, { contentType, body }: FeedFile, nowMs: number): Promise<Representation> =>
  buildRepresentation({
    body: Buffer.from(body),
    contentType,
    cacheControl: CACHE_CONTROL,
    vary: "Accept-Encoding",
    lastModifiedMs: nowMs,
    extraHeaders: [...CORS, ...(path === "/widget" ? LOOK_AGAIN : []), "Content-Security-Policy", policyOf(path)],
    brotliQuality: 5,
  });

/** One key for all orders of the parameters that matter. */
const keyOf = ({ path, query }: Target): string => {
  const pairs = FEED_PARAMETERS.flatMap((name) => (query.has(name) ? [[name, query.get(name) ?? ""]] : []));
  return pairs.length === 0 ? path : `${path}?${new URLSearchParams(pairs).toString()}`;
};

const isKnownQuery = ({ query }: Target): boolean =>
  [...query.keys()].every((name) => FEED_PARAMETERS.includes(name) && query.getAll(name).length === 1);

const refusalOf = (error: unknown) => {
  if (error instanceof AppError) return problemOfError(error);
  throw error;
};

/** Serves feeds, badges and the widget, each drawn once per snapshot. */
export const createFeedDesk = (args: { readonly clock: Clock; readonly fallbackUrl: () => string }): FeedDesk => {
  const kept = new Map<string, Kept>();

  const representationOf = async (target: Target, snapshot: Snapshot): Promise<Representation | null> => {
    const now = args.clock.now();
    const isStale = now - Date.parse(snapshot.dataAsOf) > STALE_AFTER_MS;
    const fallbackUrl = args.fallbackUrl();
    const seen = `${snapshot.version} ${isStale} ${fallbackUrl}`;
    const key = keyOf(target);
    const before = kept.get(key);
    if (before?.seen === seen) return before.representation;
    const file = feedFile({ snapshot, fallbackUrl, isStale }, target.path, target.query);
    if (file === null) return null;
    const representation = before?.text === file.body ? before.representation : await build(target.path, file, now);
    kept.delete(key);
    const oldest = kept.size >= MOST_KEPT ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
    kept.set(key, { seen, text: file.body, representation });
    return representation;
  };

  return {
    answer: (exchange, target, view, isPrivate = false) => {
      if (!isFeedPath(target.path)) return null;
      exchange.route = routeOf(target.path);
      if (view === null)
        return Promise.resolve(
          sendProblem(exchange, problemOf("NOT_READY", "the first results are being collected"), CORS),
        );
      return representationOf(target, view).then(
        (representation) =>
          representation === null
            ? sendProblem(exchange, problemOf("NOT_FOUND", "there is no such resource"), CORS)
            : sendRepresentation(exchange, representation, isPrivate || !isKnownQuery(target)),
        (error: unknown) => sendProblem(exchange, refusalOf(error), CORS),
      );
    },
  };
};
