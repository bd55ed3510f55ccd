import { principalOf, sessionTokenOf } from "#lib/read/require-session.ts";
import type { Exchange } from "../http/exchange.ts";
import { problemOf, sendProblem } from "../http/problem.ts";
import { isFromOurScript, isSameOrigin } from "../http/same-origin.ts";
import { answerApi } from "./api.ts";
import type { ApiContext } from "./types.ts";

/** Before the paths of `/v1` as the dashboards call them. */
const PREFIX = ["admin", "api"] as const;

/** Whether a path lies below the session's door to the API. */
export const isAdminApi = (segments: readonly string[]): boolean =>
  segments[0] === PREFIX[0] && segments[1] === PREFIX[1];

/**
 * `/admin/api/v1/…`: the operations of `/v1` for a person who is signed in. The session's cookie says who it is, and the
 * browser that the request comes from a page of ours; a bearer token opens nothing here.
 */
export const answerAdminApi = async (
  context: ApiContext,
  exchange: Exchange,
  target: { readonly segments: readonly string[]; readonly query: URLSearchParams },
): Promise<number> => {
  const { req } = exchange;
  // What only reads is as open as a page is: over plain http browsers do not say where it comes from.
  const isUnread = req.method !== "GET" && req.method !== "HEAD";
  const close = isUnread ? ["Connection", "close"] : [];
  exchange.route = "/v1/*";
  const [, , version, ...rest] = target.segments;
  if (version !== "v1") return sendProblem(exchange, problemOf("NOT_FOUND", "there is no such resource"), close);
  if (isUnread ? !isFromOurScript(req.headers) : !isSameOrigin(req.headers))
    return sendProblem(exchange, problemOf("FORBIDDEN", "the request comes from another site"), close);
  const token = sessionTokenOf(req.headers.cookie);
  const session = token === null ? null : await context.findSession(token);
  if (token === null || session === null)
    return sendProblem(exchange, problemOf("UNAUTHENTICATED", "sign in to do this"), close);
  const asUser = { principal: principalOf(session), token };
  return answerApi({ ...context, asUser }, exchange, { segments: ["v1", ...rest], query: target.query });
};
