import type { z } from "zod";
import type { FieldProblem } from "#lib/contracts/api.ts";
import type { V1OperationId } from "#lib/contracts/operations.ts";
import {
  GetMetricsQuery,
  ListAlertsQuery,
  ListServicesQuery,
  ListSlosQuery,
  NoQuery,
  V1_OPERATIONS,
} from "#lib/contracts/operations.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { getAlert, listAlerts } from "#lib/read/alerts.ts";
import { getMeta } from "#lib/read/meta.ts";
import { getMetrics } from "#lib/read/metrics.ts";
import { getService, listServices } from "#lib/read/services.ts";
import { getSlo, listSlos } from "#lib/read/slos.ts";
import type { Database } from "#lib/read/web-context.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Exchange } from "./exchange.ts";
import { invalidRequest, problemOf, sendProblem } from "./problem.ts";
import { sendJson } from "./send-json.ts";

export type ApiContext = {
  readonly database: Database;
  readonly clock: Clock;
  readonly version: string;
  readonly snapshot: () => Snapshot | null;
};

type Answer = { readonly body: unknown; readonly lastModifiedMs: number | null };
type Refusal = { readonly errors: readonly FieldProblem[] };
type Handler = (context: ApiContext, id: string, query: URLSearchParams) => Promise<Answer | Refusal>;

const problemsOf = (error: z.ZodError): FieldProblem[] =>
  error.issues.flatMap((issue): FieldProblem[] => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({ field: key, message: "there is no such parameter", code: "unknown_field" }));
    }
    return [{ field: issue.path.map(String).join("."), message: issue.message, code: issue.code }];
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
    ...(parsed.success ? [] : problemsOf(parsed.error)),
  ];
  return errors.length > 0 || !parsed.success ? { errors } : { data: parsed.data };
};

const handler =
  <S extends z.ZodType>(
    schema: S,
    run: (context: ApiContext, id: string, query: z.output<S>) => Promise<{ body: unknown; lastModifiedMs?: number }>,
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
  getMetrics: handler(GetMetricsQuery, async ({ database, clock }, _id, query) => ({
    body: await getMetrics(database, query, clock.now()),
  })),
  getMeta: handler(NoQuery, async ({ database, snapshot, version, clock }) => ({
    body: await getMeta(database, { snapshot: snapshot(), version, now: clock.now() }),
  })),
};

const ROUTES = V1_OPERATIONS.map((operation) => ({
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
  const answer = await route.answer(context, id, target.query);
  if ("errors" in answer) return sendProblem(exchange, invalidRequest(answer.errors));
  return sendJson(exchange, answer.body, { lastModifiedMs: answer.lastModifiedMs });
};
