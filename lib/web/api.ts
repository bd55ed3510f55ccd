import { runIdempotent } from "#lib/commands/idempotent.ts";
import type { Operation } from "#lib/contracts/operations/operation.ts";
import type { V1_OPERATIONS } from "#lib/contracts/operations.ts";
import { actorOf } from "#lib/core/access/authorise.ts";
import { alertHandlers } from "./api-alerts.ts";
import { analysisHandlers } from "./api-analyses.ts";
import { budgetHandlers } from "./api-budgets.ts";
import { ANYBODY, admit, bearerOf, refuseCaller, viewerOf } from "./api-caller.ts";
import { deliveryHandlers, endpointHandlers } from "./api-endpoints.ts";
import { exclusionHandlers } from "./api-exclusions.ts";
import { externalAlertHandlers } from "./api-external-alerts.ts";
import { keyHandlers } from "./api-keys.ts";
import { parseBody, parseQuery } from "./api-parse.ts";
import { probeHandlers } from "./api-probes.ts";
import { readHandlers } from "./api-reads.ts";
import { matchRoute } from "./api-routes.ts";
import type { AnyRead, AnyRequest, AnyWrite, ApiContext, HandlersOf, WriteAnswer } from "./api-types.ts";
import type { Exchange } from "./exchange.ts";
import { send } from "./exchange.ts";
import { invalidRequest, problemOf, problemOfError, sendProblem } from "./problem.ts";
import { COMMON_HEADERS } from "./security-headers.ts";
import { sendFile } from "./send-file.ts";
import { sendJson } from "./send-json.ts";

/*
 * The pipeline of `/v1`. To add an operation:
 *
 * 1. Declare it in a table of lib/contracts/operations/: method, path with `{name}` segments, scope (null: for everybody),
 *    strict query and body, response, status. A new resource needs its word in lib/core/access/authorise.ts and a line in
 *    V1_OPERATIONS. OpenAPI and the matrix test of authorisation follow from the table.
 * 2. Write its handler in a `HandlersOf<typeof TABLE>` of lib/web/api-<resource>.ts and spread that below; the types
 *    of `params`, `query` and `body` come from the table. A GET reads through lib/read. Every other method gets
 *    `{tx, now, actor, randomBytes}` and calls a use case of lib/commands that writes row, audit and event in that `tx`.
 *
 * Done here for all: 404 and 405 before any look at credentials, authorisation before the body is read, limits of the
 * body, validation with every fault named, one transaction for change and stored answer (Idempotency-Key), problems.
 */

const HANDLERS: HandlersOf<typeof V1_OPERATIONS> = {
  ...readHandlers,
  ...probeHandlers,
  ...alertHandlers,
  ...keyHandlers,
  ...endpointHandlers,
  ...deliveryHandlers,
  ...externalAlertHandlers,
  ...exclusionHandlers,
  ...budgetHandlers,
  ...analysisHandlers,
};

const handlerOf = (operation: Operation): unknown => HANDLERS[operation.operationId as keyof typeof HANDLERS];

const sendWritten = (exchange: Exchange, operation: Operation, answer: WriteAnswer, isReplay: boolean) => {
  const { status = 200 } = operation;
  const headers = [
    ...(answer.location === undefined ? [] : ["Location", answer.location]),
    ...(isReplay ? ["Idempotency-Replayed", "true"] : []),
  ];
  if (operation.response !== null)
    return sendJson(exchange, answer.body, { status, cacheControl: "no-store", headers });
  send(exchange, status, ["Cache-Control", "no-store", ...headers, ...COMMON_HEADERS], null);
  return status;
};

/** The database with the deadline of an operation that may take longer. */
const databaseFor = ({ deadlineMs }: Operation, database: ApiContext["database"]): ApiContext["database"] =>
  deadlineMs === undefined
    ? database
    : { ...database, transaction: (work, options) => database.transaction(work, { deadlineMs, ...options }) };

const runWrite = async (
  context: ApiContext,
  exchange: Exchange,
  operation: Operation,
  request: AnyRequest & { readonly raw: unknown },
): Promise<number> => {
  const { clock, randomBytes, secretBox } = context;
  const database = databaseFor(operation, context.database);
  const { principal, raw } = request;
  const write = handlerOf(operation) as AnyWrite;
  const now = clock.now();
  const work = (tx: Parameters<Parameters<typeof database.transaction>[0]>[0]) =>
    write({ tx, now, randomBytes, secretBox, actor: actorOf(principal) }, request);
  const key = exchange.req.headers["idempotency-key"];
  const token = bearerOf(exchange.req);
  if (key === undefined || token === null || principal.kind !== "key")
    return sendWritten(exchange, operation, await database.transaction(work), false);
  const { answer, isReplay } = await runIdempotent(
    database,
    {
      principalId: principal.id,
      token,
      key: String(key),
      request: { operation: operation.operationId, params: request.params, query: request.query, body: raw },
      now,
    },
    work,
  );
  return sendWritten(exchange, operation, answer, isReplay);
};

const runOperation = async (
  context: ApiContext,
  exchange: Exchange,
  operation: Operation,
  args: Pick<AnyRequest, "principal" | "viewer" | "params"> & { readonly query: URLSearchParams },
): Promise<number> => {
  const { principal, viewer, params } = args;
  const isRead = operation.method === "GET";
  const query = parseQuery(operation.query, args.query);
  const body = isRead ? { data: undefined, raw: null } : await parseBody(operation, exchange.req);
  const errors = [...("errors" in query ? query.errors : []), ...("errors" in body ? body.errors : [])];
  if ("errors" in query || "errors" in body) return sendProblem(exchange, invalidRequest(errors));
  const accept = exchange.req.headers.accept ?? "*/*";
  const request = { principal, viewer, params, accept, query: query.data, body: body.data, raw: body.raw };
  if (!isRead) return runWrite(context, exchange, operation, request);
  const answer = await (handlerOf(operation) as AnyRead)(context, request);
  if (answer.file !== undefined) return sendFile(exchange, answer.file);
  const lastModifiedMs = answer.lastModifiedMs ?? null;
  if (operation.showsMoreWhenSignedIn === true)
    return sendJson(exchange, answer.body, { cacheControl: "private, no-cache", lastModifiedMs, varyByCookie: true });
  const cacheControl = operation.scope === null ? "no-cache" : "private, no-store";
  return sendJson(exchange, answer.body, { cacheControl, lastModifiedMs });
};

/**
 * Answers `/v1/*` from the table of operations.
 * @throws what is no fault of the caller's; the server turns it into a problem.
 */
export const answerApi = async (
  context: ApiContext,
  exchange: Exchange,
  target: { segments: readonly string[]; query: URLSearchParams },
): Promise<number> => {
  const route = matchRoute(exchange.req.method ?? "GET", target.segments);
  const close = exchange.req.method === "GET" || exchange.req.method === "HEAD" ? [] : ["Connection", "close"];
  if (route.kind === "none") {
    exchange.route = "/v1/*";
    return sendProblem(exchange, problemOf("NOT_FOUND", "there is no such resource; see /openapi.json"), close);
  }
  if (route.kind === "other_method") {
    exchange.route = route.path;
    const allowed = route.allowed.join(", ");
    const problem = problemOf("METHOD_NOT_ALLOWED", `this address takes ${allowed}`);
    return sendProblem(exchange, problem, ["Allow", allowed, "Connection", "close"]);
  }
  const { operation, params } = route;
  exchange.route = operation.path;
  try {
    const principal = await admit(context, operation, exchange.req);
    const viewer = operation.showsMoreWhenSignedIn === true ? await viewerOf(context, exchange.req) : ANYBODY;
    return await runOperation(context, exchange, operation, { principal, viewer, params, query: target.query });
  } catch (error) {
    const problem = problemOfError(error);
    if (problem.status >= 500) throw error;
    return refuseCaller(exchange, problem, operation);
  }
};
