import type { IncomingMessage } from "node:http";
import { findKeyPrincipal } from "#lib/commands/api-keys/find-key.ts";
import type { Operation } from "#lib/contracts/operations/operation.ts";
import type { Principal } from "#lib/core/access/authorise.ts";
import { ANONYMOUS, authorise } from "#lib/core/access/authorise.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Viewer } from "#lib/read/probes.ts";
import { sessionTokenOf } from "#lib/read/require-session.ts";
import type { ApiContext } from "./api-types.ts";
import type { Exchange } from "./exchange.ts";
import type { Problem } from "./problem.ts";
import { sendProblem } from "./problem.ts";

/** The token of `Authorization: Bearer`; null without one. Cookies never let anybody change anything (T16). */
export const bearerOf = ({ headers }: IncomingMessage): string | null =>
  /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(headers.authorization ?? "")?.[1] ?? null;

/**
 * Who asks, once they are found to be allowed to. What is for everybody looks at no credentials: it works without the
 * database, and with a key that has expired. @throws AppError UNAUTHENTICATED, FORBIDDEN
 */
export const admit = async (
  { database, clock }: Pick<ApiContext, "database" | "clock">,
  operation: Pick<Operation, "scope">,
  req: IncomingMessage,
): Promise<Principal> => {
  if (operation.scope === null) return ANONYMOUS;
  const token = bearerOf(req);
  const known = token === null ? null : await findKeyPrincipal(database, { token, now: clock.now() });
  if (req.headers.authorization !== undefined && known === null)
    throw new AppError("UNAUTHENTICATED", "the key is unknown, expired or revoked");
  const principal = known ?? ANONYMOUS;
  const verdict = authorise(principal, operation);
  if (verdict.kind === "unauthenticated")
    throw new AppError("UNAUTHENTICATED", "send a key of this API as Authorization: Bearer nk_live_…");
  if (verdict.kind === "forbidden")
    throw new AppError("FORBIDDEN", `the key does not hold the scope ${verdict.missing}`);
  return principal;
};

export const ANYBODY: Viewer = { isSignedIn: false };

/**
 * Who looks at what tells more to some: a person who is signed in, or a key that may read probes. Nobody is asked about
 * who sends neither, so reading stays open. Only reads do this: a cookie changes nothing (T16).
 */
export const viewerOf = async (
  { database, clock, findSession }: Pick<ApiContext, "database" | "clock" | "findSession">,
  req: IncomingMessage,
): Promise<Viewer> => {
  const session = sessionTokenOf(req.headers.cookie);
  if (session !== null && (await findSession(session)) !== null) return { isSignedIn: true };
  const token = bearerOf(req);
  const key = token === null ? null : await findKeyPrincipal(database, { token, now: clock.now() });
  return { isSignedIn: key !== null && authorise(key, { scope: "probes:read" }).kind === "allowed" };
};

/** RFC 6750, 3: what to send, and what was wrong with what was sent. */
const challengeOf = (exchange: Exchange, problem: Problem, operation: Pick<Operation, "scope">): string[] => {
  const realm = 'Bearer realm="nines"';
  if (problem.status === 401) {
    const error = exchange.req.headers.authorization === undefined ? "" : ', error="invalid_token"';
    return ["WWW-Authenticate", `${realm}${error}`];
  }
  return problem.status === 403 && operation.scope !== null
    ? ["WWW-Authenticate", `${realm}, error="insufficient_scope", scope="${operation.scope}"`]
    : [];
};

/** Refuses a request to an operation. What is left of a body is not read: the connection goes with it. */
export const refuseCaller = (exchange: Exchange, problem: Problem, operation: Pick<Operation, "scope">): number => {
  const isUnread = exchange.req.method !== "GET" && exchange.req.method !== "HEAD" && !exchange.req.complete;
  return sendProblem(exchange, problem, [
    ...challengeOf(exchange, problem, operation),
    ...(isUnread ? ["Connection", "close"] : []),
  ]);
};
