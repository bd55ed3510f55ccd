import type { Operation } from "#lib/contracts/operations/operation.ts";
import { costOf } from "#lib/contracts/operations/operation.ts";
import type { Principal } from "#lib/core/access/authorise.ts";
import { AppError, errorCodeOf } from "#lib/core/errors.ts";
import { corsHeaders, preflightHeaders } from "../http/cors.ts";
import type { Exchange } from "../http/exchange.ts";
import { send } from "../http/exchange.ts";
import { isAcceptable } from "../http/negotiate.ts";
import { COMMON_HEADERS } from "../http/security-headers.ts";
import { admit } from "./caller.ts";
import type { MatchedRoute } from "./routes.ts";
import { matchRoute } from "./routes.ts";
import type { ApiContext } from "./types.ts";
import { deprecationHeaders } from "./versions.ts";

/** What an answer of `/v1` says before anything is known of its outcome. */

const isPublicRead = ({ scope, method }: Operation): boolean => scope === null && method === "GET";

const setAll = ({ res }: Exchange, pairs: readonly (readonly [string, string])[]): void => {
  for (const [name, value] of pairs) res.setHeader(name, value);
};

/** The operation that a browser asks about before it sends the request itself. */
const plannedOf = (exchange: Exchange, route: MatchedRoute, segments: readonly string[]): Operation | null => {
  if (route.kind === "found") return route.operation;
  const planned = exchange.req.headers["access-control-request-method"];
  const found = planned === undefined ? null : matchRoute(planned, segments);
  return found?.kind === "found" ? found.operation : null;
};

/**
 * Networks, origins, version and trace, for every answer of `/v1` whatever becomes of it.
 * @throws AppError FORBIDDEN for a network that may not call
 */
export const openDoors = (
  { gate, asUser }: ApiContext,
  exchange: Exchange,
  { route, segments }: { readonly route: MatchedRoute; readonly segments: readonly string[] },
): void => {
  const { res, traceId, spanId } = exchange;
  exchange.vary = "Origin";
  res.setHeader("API-Version", gate.versions.choose(undefined, null));
  res.setHeader("traceresponse", `00-${traceId}-${spanId}-01`);
  if (asUser === undefined) {
    const planned = plannedOf(exchange, route, segments);
    const isPublic = planned !== null && isPublicRead(planned);
    setAll(exchange, corsHeaders(exchange, { origins: gate.corsOrigins, isPublic }));
  }
  gate.assertNetwork(exchange);
  if (route.kind === "found") setAll(exchange, deprecationHeaders(route.operation));
};

/** OPTIONS: which methods an address takes, and to a browser what it may send. */
export const answerOptions = (exchange: Exchange, allowed: readonly string[]): number => {
  const methods = [...allowed, "OPTIONS"];
  if (exchange.res.hasHeader("Access-Control-Allow-Origin")) setAll(exchange, preflightHeaders(methods));
  send(
    exchange,
    204,
    ["Allow", methods.join(", "), "Vary", "Origin, Access-Control-Request-Method", ...COMMON_HEADERS],
    null,
  );
  return 204;
};

const typesOf = ({ streams, produces = [] }: Operation): readonly string[] =>
  streams === true ? ["text/event-stream"] : ["application/json", ...produces];

const admitKnown = async (context: ApiContext, exchange: Exchange, operation: Operation): Promise<Principal> => {
  const { gate, asUser } = context;
  // Who is signed in showed a cookie, and what is for everybody looks at no credentials: neither is a guess.
  const shown = asUser === undefined ? exchange.req.headers.authorization : undefined;
  if (shown !== undefined && operation.scope !== null) gate.assertNotGuessing(exchange, shown);
  try {
    const principal = await admit(context, operation, exchange.req);
    if (shown !== undefined && principal.kind !== "anonymous") gate.noteCredentials(exchange, shown, "right");
    return principal;
  } catch (error) {
    if (shown !== undefined && errorCodeOf(error) === "UNAUTHENTICATED") gate.noteCredentials(exchange, shown, "wrong");
    if (errorCodeOf(error) !== undefined) gate.countAnonymous(exchange, 1);
    throw error;
  }
};

/**
 * Who asks, counted against their limit, in a version and a format that there is.
 * @throws AppError UNAUTHENTICATED, FORBIDDEN, RATE_LIMITED, NOT_ACCEPTABLE, INVALID_REQUEST
 */
export const admitCaller = async (
  context: ApiContext,
  exchange: Exchange,
  { operation, isSearch }: { readonly operation: Operation; readonly isSearch: boolean },
): Promise<Principal> => {
  const { gate } = context;
  const principal = await admitKnown(context, exchange, operation);
  const cost = costOf(operation, isSearch);
  if (principal.kind === "anonymous") {
    gate.countAnonymous(exchange, cost);
    const asked = exchange.req.headers["api-version"] as string | undefined;
    exchange.res.setHeader("API-Version", gate.versions.choose(asked, null));
  } else await gate.countPrincipal(exchange, principal, cost);
  const types = typesOf(operation);
  if (operation.response !== null && !isAcceptable(exchange.req.headers.accept, types))
    throw new AppError("NOT_ACCEPTABLE", `this address answers with ${types.join(", ")}`);
  return principal;
};
