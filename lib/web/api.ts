import type { z } from "zod";
import type { FieldProblem } from "#lib/contracts/api.ts";
import type { Operation, V1OperationId } from "#lib/contracts/operations.ts";
import {
  GetMetricsQuery,
  ListAlertsQuery,
  ListServicesQuery,
  ListSlosQuery,
  NoQuery,
  V1_OPERATIONS,
} from "#lib/contracts/operations.ts";
import { ListPartsQuery, ListProbesQuery, ListRunsQuery } from "#lib/contracts/probe-operations.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { getAlert, listAlerts } from "#lib/read/alerts.ts";
import { getMeta } from "#lib/read/meta.ts";
import { getMetrics } from "#lib/read/metrics.ts";
import type { Viewer } from "#lib/read/probes.ts";
import { getProbe, listParts, listProbes } from "#lib/read/probes.ts";
import { sessionTokenOf } from "#lib/read/require-session.ts";
import { listRuns } from "#lib/read/runs.ts";
import { getService, listServices } from "#lib/read/services.ts";
import { getSlo, listSlos } from "#lib/read/slos.ts";
import type { Database, Session } from "#lib/read/web-context.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Exchange } from "./exchange.ts";
import { invalidRequest, problemOf, sendProblem } from "./problem.ts";
import { sendJson } from "./send-json.ts";

export type ApiContext = {
  readonly database: Database;
  readonly clock: Clock;
  readonly version: string;
  readonly snapshot: () => Snapshot | null;
  readonly findSession: (token: string) => Promise<Session | null>;
};

type Asked = ApiContext & { readonly viewer: Viewer };
type Answer = { readonly body: unknown; readonly lastModifiedMs: number | null };
type Refusal = { readonly errors: readonly FieldProblem[] };
type Handler = (context: Asked, id: string, query: URLSearchParams) => Promise<Answer | Refusal>;

const problemsOf = (error: z.ZodError, query: URLSearchParams): FieldProblem[] =>
  error.issues.flatMap((issue): FieldProblem[] => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({ field: key, message: "there is no such parameter", code: "unknown_field" }));
    }
    const field = issue.path.map(String).join(".");
    if (!query.has(field)) return [{ field, message: "is missing", code: "missing" }];
    return [{ field, message: issue.message, code: issue.code }];
  });

/** Reads a query strictly: unknown, repeated and malformed parameters are all told at once. */
const parseQuery = <S extends z.ZodType>(
  schema: S,
  query: URLSearchParams,
): { readonly data: z.output<S> } | Refusal => {
  const repeated = [...new Set(query.keys())].filter((key) => query.getAll(key).length > 1);
  const parsed = schema.safeParse(Object.fromEntries(query));
  const errors = [
    ...repeated.map((field) => ({ field, message: "is given more than once", code: "duplicate" })),
    ...(parsed.success ? [] : problemsOf(parsed.error, query)),
  ];
  return errors.length > 0 || !parsed.success ? { errors } : { data: parsed.data };
};

const handler =
  <S extends z.ZodType>(
    schema: S,
    run: (context: Asked, id: string, query: z.output<S>) => Promise<{ body: unknown; lastModifiedMs?: number }>,
  ): Handler =>
  async (context, id, query) => {
    const parsed = parseQuery(schema, query);
    if ("errors" in parsed) return parsed;
    const { body, lastModifiedMs = null } = await run(context, id, parsed.data);
    return { body, lastModifiedMs };
  };

const HANDLERS: Readonly<Record<V1OperationId, Handler>> = {
  listServices: handler(ListServicesQuery, async ({ database, snapshot }, _id, query) => ({
    body: await listServices(database, snapshot(), query),
  })),
  getService: handler(NoQuery, async ({ database, snapshot }, id) => {
    const body = await getService(database, snapshot(), id);
    return {
      body,
      lastModifiedMs: Math.max(Date.parse(body.updatedAt), Date.parse(body.stateSince ?? body.updatedAt)),
    };
  }),
  listSlos: handler(ListSlosQuery, async ({ database }, _id, query) => ({ body: await listSlos(database, query) })),
  getSlo: handler(NoQuery, async ({ database }, id) => ({ body: await getSlo(database, id) })),
  listAlerts: handler(ListAlertsQuery, async ({ database }, _id, query) => {
    const { state = null, severity = null, sloId = null, serviceId = null, ...paging } = query;
    return { body: await listAlerts(database, { ...paging, state, severity, sloId, serviceId }) };
  }),
  getAlert: handler(NoQuery, async ({ database }, id) => ({ body: await getAlert(database, id) })),
  listProbes: handler(ListProbesQuery, async ({ database, viewer }, _id, query) => ({
    body: await listProbes(database, query, viewer),
  })),
  getProbe: handler(NoQuery, async ({ database, viewer }, id) => ({ body: await getProbe(database, id, viewer) })),
  listParts: handler(ListPartsQuery, async ({ database, viewer }, id, query) => ({
    body: await listParts(database, id, query, viewer),
  })),
  listRuns: handler(ListRunsQuery, async ({ database, viewer }, _id, query) => ({
    body: await listRuns(database, query, viewer),
  })),
  getMetrics: handler(GetMetricsQuery, async ({ database, clock }, _id, query) => ({
    body: await getMetrics(database, query, clock.now()),
  })),
  getMeta: handler(NoQuery, async ({ database, snapshot, version, clock }) => ({
    body: await getMeta(database, { snapshot: snapshot(), version, now: clock.now() }),
  })),
};

const ROUTES = V1_OPERATIONS.map((operation: Operation & { readonly operationId: V1OperationId }) => ({
  operation,
  /** Path segments; "{id}" takes any. */
  pattern: operation.path.slice(1).split("/"),
  answer: HANDLERS[operation.operationId],
}));

const routeOf = (segments: readonly string[]) =>
  ROUTES.find(
    ({ pattern }) =>
      pattern.length === segments.length && pattern.every((part, index) => part === "{id}" || part === segments[index]),
  );

/** Nobody is asked about who sends no cookie: reading stays one query cheaper, and open. */
const viewerOf = async ({ findSession }: ApiContext, { req }: Exchange): Promise<Viewer> => {
  const token = sessionTokenOf(req.headers.cookie);
  return { isSignedIn: token !== null && (await findSession(token)) !== null };
};

const ANYBODY: Viewer = { isSignedIn: false };

/**
 * Answers `/v1/*` from the table of operations.
 * @throws what the read models throw; the pipeline turns it into a problem.
 */
export const answerApi = async (
  context: ApiContext,
  exchange: Exchange,
  target: { segments: readonly string[]; query: URLSearchParams },
): Promise<number> => {
  const route = routeOf(target.segments);
  if (route === undefined) {
    exchange.route = "/v1/*";
    return sendProblem(exchange, problemOf("NOT_FOUND", "there is no such resource; see /openapi.json"));
  }
  exchange.route = route.operation.path;
  const idAt = route.pattern.indexOf("{id}");
  const id = idAt === -1 ? "" : (target.segments[idAt] as string);
  const isPersonal = route.operation.showsMoreWhenSignedIn === true;
  const viewer = isPersonal ? await viewerOf(context, exchange) : ANYBODY;
  const answer = await route.answer({ ...context, viewer }, id, target.query);
  if ("errors" in answer) return sendProblem(exchange, invalidRequest(answer.errors));
  const { lastModifiedMs } = answer;
  return sendJson(
    exchange,
    answer.body,
    isPersonal ? { lastModifiedMs, cacheControl: "private, no-cache", varyByCookie: true } : { lastModifiedMs },
  );
};
