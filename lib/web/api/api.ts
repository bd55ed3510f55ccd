import { runIdempotent } from "#lib/commands/idempotent.ts";
import { selectFields } from "#lib/contracts/operations/fields.ts";
import type { Operation } from "#lib/contracts/operations/operation.ts";
import type { V1_OPERATIONS } from "#lib/contracts/operations.ts";
import { actorOf } from "#lib/core/access/authorise.ts";
import type { Exchange } from "../http/exchange.ts";
import { send } from "../http/exchange.ts";
import { invalidRequest, problemOf, problemOfError, sendProblem } from "../http/problem.ts";
import { COMMON_HEADERS } from "../http/security-headers.ts";
import { sendFile } from "../http/send-file.ts";
import { sendJson } from "../http/send-json.ts";
import { alertHandlers } from "./alerts.ts";
import { analysisHandlers } from "./analyses.ts";
import { auditHandlers } from "./audit.ts";
import { budgetHandlers } from "./budgets.ts";
import { ANYBODY, idempotencyOwnerOf, refuseCaller, viewerOf } from "./caller.ts";
import { configHandlers } from "./config.ts";
import { deliveryHandlers, endpointHandlers } from "./endpoints.ts";
import { exclusionHandlers } from "./exclusions.ts";
import { externalAlertHandlers } from "./external-alerts.ts";
import { admitCaller, answerOptions, openDoors } from "./front.ts";
import { incidentHandlers } from "./incidents.ts";
import { jobHandlers } from "./jobs.ts";
import { keyHandlers } from "./keys.ts";
import { maintenanceHandlers } from "./maintenances.ts";
import { parseBody, parseQuery, takeFields } from "./parse.ts";
import { platformHandlers } from "./platform.ts";
import { probeHandlers } from "./probes.ts";
import { readHandlers } from "./reads.ts";
import { matchRoute } from "./routes.ts";
import { subscriberHandlers } from "./subscribers.ts";
import type { AnyOutside, AnyRead, AnyRequest, AnyWrite, ApiContext, HandlersOf, WriteAnswer } from "./types.ts";
import { userHandlers } from "./users.ts";

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
  ...userHandlers,
  ...auditHandlers,
  ...endpointHandlers,
  ...deliveryHandlers,
  ...externalAlertHandlers,
  ...exclusionHandlers,
  ...maintenanceHandlers,
  ...incidentHandlers,
  ...budgetHandlers,
  ...analysisHandlers,
  ...platformHandlers,
  ...jobHandlers,
  ...subscriberHandlers,
  ...configHandlers,
};

const handlerOf = (operation: Operation): unknown => HANDLERS[operation.operationId as keyof typeof HANDLERS];

/** A body in the version that the answer names. */
const inVersion = ({ gate }: ApiContext, { res }: Exchange, { operationId }: Operation, body: unknown): unknown =>
  gate.versions.tell(operationId, body, String(res.getHeader("API-Version")));

const sendWritten = (
  context: ApiContext,
  exchange: Exchange,
  operation: Operation,
  { answer, isReplay }: { readonly answer: WriteAnswer; readonly isReplay: boolean },
) => {
  const { status = 200 } = operation;
  const headers = [
    ...(answer.location === undefined ? [] : ["Location", answer.location]),
    ...(answer.headers ?? []),
    ...(isReplay ? ["Idempotency-Replayed", "true"] : []),
  ];
  if (operation.response !== null)
    return sendJson(exchange, inVersion(context, exchange, operation, answer.body), {
      status,
      cacheControl: "no-store",
      headers,
    });
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
  const written = (answer: WriteAnswer, isReplay = false): Promise<number> | number =>
    sendWritten(context, exchange, operation, { answer, isReplay });
  if (operation.worksOutside === true) return written(await (handlerOf(operation) as AnyOutside)(context, request));
  const database = databaseFor(operation, context.database);
  const { principal, raw } = request;
  const write = handlerOf(operation) as AnyWrite;
  const now = clock.now();
  const work = (tx: Parameters<Parameters<typeof database.transaction>[0]>[0]) =>
    write({ tx, now, randomBytes, secretBox, actor: actorOf(principal) }, request);
  const key = exchange.req.headers["idempotency-key"];
  const owner = idempotencyOwnerOf(context, exchange.req, principal);
  if (key === undefined || owner === null) return written(await database.transaction(work));
  const { answer, isReplay } = await runIdempotent(
    database,
    {
      ...owner,
      key: String(key),
      request: { operation: operation.operationId, params: request.params, query: request.query, body: raw },
      now,
    },
    work,
  );
  return written(answer, isReplay);
};

const runOperation = async (
  context: ApiContext,
  exchange: Exchange,
  operation: Operation,
  args: Pick<AnyRequest, "principal" | "viewer" | "params"> & { readonly query: URLSearchParams },
): Promise<number> => {
  const { principal, viewer, params } = args;
  const isRead = operation.method === "GET";
  const { rest, selection, errors: wrongFields } = takeFields(operation, args.query);
  const query = parseQuery(operation.query, rest);
  const sent = isRead ? { data: undefined, raw: null } : await parseBody(operation, exchange.req);
  const wrong = [...("errors" in query ? query.errors : []), ...("errors" in sent ? sent.errors : [])];
  const errors = [...wrongFields, ...wrong];
  if ("errors" in query || "errors" in sent || errors.length > 0) return sendProblem(exchange, invalidRequest(errors));
  const accept = exchange.req.headers.accept ?? "*/*";
  const request = { principal, viewer, params, accept, query: query.data, body: sent.data, raw: sent.raw };
  if (!isRead) return runWrite(context, exchange, operation, request);
  const answer = await (handlerOf(operation) as AnyRead)(context, request);
  if (answer.stream !== undefined) return answer.stream(exchange);
  if (answer.file !== undefined) return sendFile(exchange, answer.file);
  const { lastModifiedMs = null, headers = [] } = answer;
  const body = inVersion(context, exchange, operation, answer.body);
  const shown = selection === null ? body : selectFields(body, selection.selectable, selection.named);
  if (operation.showsMoreWhenSignedIn === true)
    return sendJson(exchange, shown, {
      cacheControl: "private, no-cache",
      lastModifiedMs,
      varyByCookie: true,
      headers,
    });
  const cacheControl = operation.scope === null ? "no-cache" : "private, no-store";
  return sendJson(exchange, shown, { cacheControl, lastModifiedMs, headers });
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
  const method = exchange.req.method ?? "GET";
  const route = matchRoute(method, target.segments);
  exchange.route = route.kind === "none" ? "/v1/*" : route.kind === "found" ? route.operation.path : route.path;
  const close = method === "GET" || method === "HEAD" ? [] : ["Connection", "close"];
  try {
    openDoors(context, exchange, { route, segments: target.segments });
    if (route.kind === "other_method" && method === "OPTIONS") return answerOptions(exchange, route.allowed);
    if (route.kind !== "found") context.gate.countAnonymous(exchange, 1);
  } catch (error) {
    const problem = problemOfError(error);
    if (problem.status >= 500) throw error;
    return sendProblem(exchange, problem, close);
  }
  if (route.kind === "none")
    return sendProblem(exchange, problemOf("NOT_FOUND", "there is no such resource; see /openapi.json"), close);
  if (route.kind === "other_method") {
    const allowed = route.allowed.join(", ");
    const problem = problemOf("METHOD_NOT_ALLOWED", `this address takes ${allowed}`);
    return sendProblem(exchange, problem, ["Allow", allowed, "Connection", "close"]);
  }
  const { operation, params } = route;
  try {
    const principal = await admitCaller(context, exchange, { operation, isSearch: target.query.has("q") });
    const viewer = operation.showsMoreWhenSignedIn === true ? await viewerOf(context, exchange.req) : ANYBODY;
    return await runOperation(context, exchange, operation, { principal, viewer, params, query: target.query });
  } catch (error) {
    const problem = problemOfError(error);
    if (problem.status >= 500) throw error;
    return refuseCaller(exchange, problem, operation);
  }
};
