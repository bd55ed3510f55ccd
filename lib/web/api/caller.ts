import type { IncomingMessage } from "node:http";
import { tokenName } from "#lib/commands/access-token.ts";
import { findKeyPrincipal } from "#lib/commands/api-keys/find-key.ts";
import type { Operation } from "#lib/contracts/operations/operation.ts";
import { hiddenServices } from "#lib/contracts/page-view.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import type { Principal } from "#lib/core/access/authorise.ts";
import { ANONYMOUS, authorise } from "#lib/core/access/authorise.ts";
import { AppError, errorCodeOf } from "#lib/core/errors.ts";
import type { Viewer } from "#lib/read/probes.ts";
import { principalOf, sessionTokenOf } from "#lib/read/require-session.ts";
import type { Exchange } from "../http/exchange.ts";
import type { Problem } from "../http/problem.ts";
import { sendProblem } from "../http/problem.ts";
import type { ApiContext } from "./types.ts";

/** The token of `Authorization: Bearer`; null without one. Cookies never let anybody change anything (T16). */
const bearerOf = ({ headers }: IncomingMessage): string | null =>
  /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(headers.authorization ?? "")?.[1] ?? null;

type Credentials = Pick<ApiContext, "database" | "clock" | "asUser" | "findMachine"> &
  Partial<Pick<ApiContext, "snapshot">>;

const hiding = new WeakMap<Snapshot, boolean>();

/** Whether some service is on no page for everybody: then even reads are for callers who are known. */
const hidesServices = (snapshot: Snapshot | null): boolean => {
  if (snapshot === null) return false;
  const known = hiding.get(snapshot) ?? hiddenServices(snapshot).size > 0;
  hiding.set(snapshot, known);
  return known;
};

/** A key of ours, or a machine with a token of the identity provider. */
const findBearer = async (
  { database, clock, findMachine }: Pick<Credentials, "database" | "clock" | "findMachine">,
  token: string,
): Promise<Principal | null> =>
  (await findKeyPrincipal(database, { token, now: clock.now() })) ?? (await findMachine?.(token)) ?? null;

/**
 * Who asks, once they are found to be allowed to. What is for everybody looks at no credentials: it works without the
 * database, and with a key that has expired. @throws AppError UNAUTHENTICATED, FORBIDDEN
 */
export const admit = async (
  { database, clock, asUser, findMachine, snapshot }: Credentials,
  operation: Pick<Operation, "scope">,
  req: IncomingMessage,
): Promise<Principal> => {
  if (asUser !== undefined) {
    const verdict = authorise(asUser.principal, operation);
    if (verdict.kind === "allowed") return asUser.principal;
    throw new AppError("FORBIDDEN", `your role does not hold the scope ${operation.scope}`);
  }
  const isClosed = hidesServices(snapshot?.() ?? null);
  if (operation.scope === null && !isClosed) return ANONYMOUS;
  const token = bearerOf(req);
  const known = token === null ? null : await findBearer({ database, clock, findMachine }, token);
  if (req.headers.authorization !== undefined && known === null)
    throw new AppError("UNAUTHENTICATED", "the key or token is unknown, expired or revoked");
  const principal = known ?? ANONYMOUS;
  const verdict = authorise(principal, operation);
  if (verdict.kind === "unauthenticated" || (isClosed && principal.kind === "anonymous"))
    throw new AppError("UNAUTHENTICATED", "send a key of this API as Authorization: Bearer nk_live_…");
  if (verdict.kind === "forbidden")
    throw new AppError("FORBIDDEN", `the key does not hold the scope ${verdict.missing}`);
  return principal;
};

/**
 * Whether who opened a stream may go on with it: the key may be revoked since, the person signed out, disabled or of
 * another role. @throws what is no verdict, such as a database that is away
 */
export const mayGoOn = async (
  context: Credentials & Pick<ApiContext, "findSession">,
  operation: Pick<Operation, "scope">,
  req: IncomingMessage,
): Promise<boolean> => {
  const { asUser, findSession } = context;
  if (asUser !== undefined) {
    const session = await findSession(asUser.token);
    return session !== null && authorise(principalOf(session), operation).kind === "allowed";
  }
  try {
    await admit(context, operation, req);
    return true;
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === "UNAUTHENTICATED" || code === "FORBIDDEN") return false;
    throw error;
  }
};

/** What an Idempotency-Key of the caller is stored under: who it is, and a secret of theirs. Null: of nobody. */
export const idempotencyOwnerOf = (
  { asUser }: Pick<ApiContext, "asUser">,
  req: IncomingMessage,
  principal: Principal,
): { readonly principalId: string; readonly token: string } | null => {
  if (principal.kind === "anonymous") return null;
  const token = asUser?.token ?? bearerOf(req);
  if (token === null) return null;
  // A key lives on; of sessions and tokens of machines there is another one soon, which opens nothing of this one.
  const principalId = principal.kind === "key" ? principal.id : `${principal.id}:${tokenName(token)}`;
  return { principalId, token };
};

export const ANYBODY: Viewer = { isSignedIn: false };

/**
 * Who looks at what tells more to some: a person who is signed in, or a key that may read probes. Nobody is asked about
 * who sends neither, so reading stays open. Only reads do this: a cookie changes nothing (T16).
 */
export const viewerOf = async (
  { database, clock, findSession, asUser, findMachine }: Credentials & Pick<ApiContext, "findSession">,
  req: IncomingMessage,
): Promise<Viewer> => {
  if (asUser !== undefined) return { isSignedIn: true };
  const session = sessionTokenOf(req.headers.cookie);
  if (session !== null && (await findSession(session)) !== null) return { isSignedIn: true };
  const token = bearerOf(req);
  const key = token === null ? null : await findBearer({ database, clock, findMachine }, token);
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
