import { acceptPush, noteAgent } from "#lib/commands/agents/accept-push.ts";
import { readAgentAssignment } from "#lib/commands/agents/agent-assignment.ts";
import { verifyAgentToken } from "#lib/commands/agents/verify-token.ts";
import type { IngestCache } from "#lib/commands/ingest-runs.ts";
import { createIngestCache } from "#lib/commands/ingest-runs.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import {
  MAX_PUSH_BYTES,
  MAX_PUSH_DEPTH,
  OFFSET_HEADER,
  PROBES_PATH,
  PushBody,
  RUNS_PATH,
  TIME_HEADER,
} from "#lib/contracts/ingest.ts";
import { AppError, errorCodeOf } from "#lib/core/errors.ts";
import type { Database } from "#lib/read/web-context.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import type { Exchange } from "../http/exchange.ts";
import type { Problem } from "../http/problem.ts";
import { invalidRequest, problemOf, problemOfError, sendProblem } from "../http/problem.ts";
import { checkJsonHead, readJsonBody } from "../http/read-json-body.ts";
import { sendJson } from "../http/send-json.ts";

export type IngestContext = {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly secretBox: SecretBox;
  readonly cache: IngestCache;
  /** Reasons that the log was told of, and when. */
  readonly refusals: Map<string, number>;
};

/** What the doors for agents share. */
export const createIngestContext = (args: Omit<IngestContext, "cache" | "refusals">): IngestContext => ({
  ...args,
  cache: createIngestCache(),
  refusals: new Map(),
});

const LIMITS = { maxBytes: MAX_PUSH_BYTES, maxDepth: MAX_PUSH_DEPTH };
const METHODS: Readonly<Record<string, string>> = { [RUNS_PATH]: "POST", [PROBES_PATH]: "GET" };
const TELL_REFUSALS_EVERY_MS = 60_000;
const MOST_REASONS = 100;
/** RFC 6750, 3: without a token there is no error to name. */
const CHALLENGE = 'Bearer realm="nines-ingest"';

const bearerOf = (exchange: Exchange): string | null =>
  /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(exchange.req.headers.authorization ?? "")?.[1] ?? null;

/** @throws AppError UNAUTHENTICATED, FORBIDDEN; errors of the database. */
const authenticate = ({ database, clock }: IngestContext, exchange: Exchange) => {
  const token = bearerOf(exchange);
  if (token === null) throw new AppError("UNAUTHENTICATED", "send the token of an agent as Authorization: Bearer");
  return verifyAgentToken(database, { token, now: clock.now() });
};

/** Agents ask every few seconds: the log is told of each reason once a minute. */
const tellOnceAMinute = ({ clock, refusals }: IngestContext, reason: string, tell: () => void): void => {
  const now = clock.monotonicMs();
  const toldAt = refusals.get(reason);
  if (toldAt !== undefined && now - toldAt < TELL_REFUSALS_EVERY_MS) return;
  if (refusals.size >= MOST_REASONS) refusals.clear();
  refusals.set(reason, now);
  tell();
};

const answerPull = async (context: IngestContext, exchange: Exchange): Promise<number> => {
  const { database, clock } = context;
  const agent = await authenticate(context, exchange);
  const onClosed = (probeId: string): void =>
    tellOnceAMinute(context, `closed ${probeId}`, () =>
      context.log.error({ code: "SECRET_KEY_INVALID", probeId }, "a probe is not run: its secrets cannot be opened"),
    );
  const opening = { secretBox: context.secretBox, onClosed };
  const work = await database.read((db) => readAgentAssignment(db, agent, opening));
  const offset = String(exchange.req.headers[OFFSET_HEADER] ?? "");
  const clockOffsetMs = /^-?\d{1,9}$/.test(offset) ? Number(offset) : null;
  await noteAgent(database, { agent, now: clock.now(), clockOffsetMs });
  if (work === null) return sendProblem(exchange, problemOf("NOT_READY", "no configuration is applied yet"));
  return sendJson(exchange, work, { cacheControl: "private, no-cache" });
};

const answerPush = async (context: IngestContext, exchange: Exchange): Promise<number> => {
  const { database, clock, cache, log } = context;
  checkJsonHead(exchange.req, LIMITS);
  const agent = await authenticate(context, exchange);
  const parsed = PushBody.safeParse(await readJsonBody(exchange.req, LIMITS));
  if (!parsed.success) {
    const errors = parsed.error.issues.map(({ path, message, code }) => ({ field: path.join("."), message, code }));
    return sendProblem(exchange, invalidRequest(errors));
  }
  const { runs, tries, clockOffsetMs = null } = parsed.data;
  const now = clock.now();
  const result = await acceptPush(database, { agent, runs, tries, now, cache, log });
  await noteAgent(database, { agent, now, clockOffsetMs });
  return sendJson(exchange, result, { cacheControl: "no-store" });
};

const refuseAgent = (exchange: Exchange, problem: Problem): number => {
  const error = bearerOf(exchange) === null ? "" : ', error="invalid_token"';
  const challenge = problem.status === 401 ? ["WWW-Authenticate", `${CHALLENGE}${error}`] : [];
  // What is left of a body is not read: the connection goes with it.
  const close = exchange.req.method === "POST" && !exchange.req.complete ? ["Connection", "close"] : [];
  return sendProblem(exchange, problem, [...challenge, ...close]);
};

const noteRefusal = (context: IngestContext, error: unknown): void => {
  const reason = String((error as AppError).cause ?? "no token");
  tellOnceAMinute(context, reason, () => context.log.warn({ reason }, "an agent was refused"));
};

/**
 * Answers agents of remote locations: what they are to run, and what they have seen.
 * @throws what is no fault of the agent's; the pipeline turns it into a problem.
 */
export const answerIngest = async (context: IngestContext, exchange: Exchange, path: string): Promise<number> => {
  const method = METHODS[path];
  exchange.res.setHeader(TIME_HEADER, String(context.clock.now()));
  if (method === undefined) {
    exchange.route = "/ingest/*";
    return refuseAgent(exchange, problemOf("NOT_FOUND", "there is no such resource"));
  }
  exchange.route = path;
  if (exchange.req.method !== method) {
    const problem = problemOf("METHOD_NOT_ALLOWED", `this address takes ${method} only`);
    return sendProblem(exchange, problem, ["Allow", method, "Connection", "close"]);
  }
  try {
    return await (path === RUNS_PATH ? answerPush(context, exchange) : answerPull(context, exchange));
  } catch (error) {
    const problem = problemOfError(error);
    if (problem.status >= 500) throw error;
    if (errorCodeOf(error) === "UNAUTHENTICATED") noteRefusal(context, error);
    return refuseAgent(exchange, problem);
  }
};
