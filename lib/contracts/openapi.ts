import { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiResponsesObject } from "zod-openapi";
import { createDocument } from "zod-openapi";
import { Identifier, ProblemDetail } from "./api.ts";
import { CLOUD_EVENT_CONTENT_TYPE, CloudEvent, cloudEvent, EVENT_DATA, EVENT_DESCRIPTIONS } from "./events.ts";
import {
  ALERT_EXAMPLE,
  KEY_EXAMPLE,
  RESOLVED_ALERT_EXAMPLE,
  SERVICE_EXAMPLE,
  SILENCE_EXAMPLE,
  SLO_EXAMPLE,
} from "./examples.ts";
import { METRICS_EXAMPLE } from "./metrics.ts";
import type { Operation, ProblemStatus } from "./operations/operation.ts";
import { OPERATIONS } from "./operations.ts";
import { PART_EXAMPLE, PROBE_EXAMPLE, RUN_EXAMPLE } from "./probes.ts";
import { PROGRAM_PATHS } from "./program-paths.ts";
import { PUSH_PATHS } from "./push-paths.ts";

const ONE_PAGE = { limit: 20, hasNextPage: false, nextCursor: null, hasPrevPage: false, prevCursor: null };

const EXAMPLES: Readonly<Record<string, unknown>> = {
  getService: SERVICE_EXAMPLE,
  getSlo: SLO_EXAMPLE,
  getAlert: ALERT_EXAMPLE,
  listServices: {
    data: [SERVICE_EXAMPLE],
    pagination: ONE_PAGE,
  },
  listSlos: {
    data: [SLO_EXAMPLE],
    pagination: ONE_PAGE,
  },
  listAlerts: {
    data: [ALERT_EXAMPLE],
    pagination: ONE_PAGE,
  },
  createSilence: SILENCE_EXAMPLE,
  getSilence: SILENCE_EXAMPLE,
  listKeys: {
    data: [KEY_EXAMPLE],
    pagination: ONE_PAGE,
  },
  getProbe: PROBE_EXAMPLE,
  listProbes: { data: [PROBE_EXAMPLE], pagination: ONE_PAGE },
  listParts: { data: [PART_EXAMPLE], pagination: ONE_PAGE },
  listRuns: { data: [RUN_EXAMPLE], pagination: ONE_PAGE },
  getMetrics: METRICS_EXAMPLE,
  getLiveness: { status: "ok" },
};

const PROBLEM_NAMES = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  413: "TooLarge",
  415: "UnsupportedMediaType",
  422: "Unprocessable",
  500: "InternalError",
  503: "Unavailable",
} as const satisfies Record<ProblemStatus, string>;
const PROBLEM_TEXTS: Readonly<Record<ProblemStatus, string>> = {
  400: "A parameter or a field of the body is not valid; `errors` lists all of them.",
  401: "The key is missing, unknown, expired or revoked; `WWW-Authenticate` says what to send.",
  403: "The key does not hold the scope of this operation.",
  404: "There is no such thing.",
  409: "The change contradicts the present state, or the same Idempotency-Key is being answered.",
  413: "The body has more than 1 MB.",
  415: "The body is not JSON.",
  422: "The Idempotency-Key was used for another request.",
  500: "A fault of ours; the log has the details under the trace id.",
  503: "The database or the first snapshot is not there; try again after `Retry-After` seconds.",
};
const PROBLEM_STATUSES = Object.keys(PROBLEM_NAMES).map(Number) as ProblemStatus[];

const HEADERS = z.object({
  "X-Request-ID": z.string().meta({ description: "Names this request in our log" }),
  ETag: z.string().optional().meta({ description: "Send it back as If-None-Match to get 304" }),
});

const problemResponse = (status: ProblemStatus) => ({
  description: PROBLEM_TEXTS[status],
  ...(status === 503 ? { headers: z.object({ "Retry-After": z.string().meta({ description: "Seconds" }) }) } : {}),
  content: { "application/problem+json": { schema: ProblemDetail } },
});

/** What an operation may tell beside its success: what it names, and what follows from its scope, body and method. */
const problemsOf = (operation: Operation): ProblemStatus[] => {
  const implied: ProblemStatus[] = [
    ...operation.problems,
    ...(operation.scope === null ? [] : ([401, 403] as const)),
    ...(operation.body === undefined ? [] : ([400, 413, 415] as const)),
    ...(operation.method === "GET" ? [] : ([409, 422] as const)),
  ];
  return PROBLEM_STATUSES.filter((status) => implied.includes(status));
};

const LOCATION = z.object({ Location: z.string().meta({ description: "Where what was made can be read" }) });

const responsesOf = (operation: Operation): ZodOpenApiResponsesObject => {
  const example = EXAMPLES[operation.operationId];
  const { status = 200, response } = operation;
  const content = { "application/json": { schema: response, ...(example === undefined ? {} : { example }) } };
  const responses: Record<string, unknown> = {
    [status]: {
      description: operation.summary,
      headers: status === 201 || status === 202 ? HEADERS.extend(LOCATION.shape) : HEADERS,
      ...(response === null ? {} : { content }),
    },
  };
  if (operation.method === "GET")
    responses["304"] = { description: "Not modified since the entity tag or date that was sent." };
  for (const problem of problemsOf(operation))
    responses[problem] = { $ref: `#/components/responses/${PROBLEM_NAMES[problem]}` };
  if (operation.operationId === "getReadiness" || operation.operationId === "getPageHealth") {
    responses["503"] = { description: "Degraded", content: { "application/json": { schema: operation.response } } };
  }
  return responses as ZodOpenApiResponsesObject;
};

const IDEMPOTENCY_HEADER = z.object({
  "Idempotency-Key": z.string().min(1).max(255).optional().meta({
    description:
      "Makes it safe to try again: the same request under the same key is done once, and its answer is kept for 24 hours.",
  }),
});

const paramsOf = (operation: Operation): Pick<ZodOpenApiOperationObject, "requestParams"> => {
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  return {
    requestParams: {
      ...(names.length === 0 ? {} : { path: z.object(Object.fromEntries(names.map((name) => [name, Identifier]))) }),
      ...(Object.keys(operation.query.shape).length === 0 ? {} : { query: operation.query }),
      ...(operation.method === "GET" ? {} : { header: IDEMPOTENCY_HEADER }),
    },
  };
};

const securityOf = ({ scope, showsMoreWhenSignedIn }: Operation): Record<string, string[]>[] => {
  if (showsMoreWhenSignedIn === true) return [{}, { session: [] }, { bearerAuth: ["probes:read"] }];
  return scope === null ? [] : [{ bearerAuth: [scope] }];
};

const operationOf = (operation: Operation): ZodOpenApiOperationObject => ({
  operationId: operation.operationId,
  tags: [operation.tag],
  summary: operation.summary,
  security: securityOf(operation),
  ...(operation.body === undefined
    ? {}
    : { requestBody: { required: true, content: { "application/json": { schema: operation.body } } } }),
  ...paramsOf(operation),
  responses: responsesOf(operation),
});

const SECURITY_SCHEMES = {
  bearerAuth: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "nk_live_…",
    description: "A key of this API (`nines key create`). It opens the operations of its scopes.",
  },
  session: {
    type: "apiKey",
    in: "cookie",
    name: "nines_session",
    description: "The cookie of a sign-in; over https it is `__Host-nines_session`",
  },
  agentToken: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "Signed by the agent with ES256 or RS256 under its registered key, good for five minutes",
  },
  heartbeatToken: { type: "http", scheme: "bearer", description: "The secret of the heartbeat" },
} as const;

const webhookOf = (type: "alert.firing" | "alert.resolved", data: unknown): ZodOpenApiOperationObject => ({
  operationId: type === "alert.firing" ? "onAlertFiring" : "onAlertResolved",
  tags: ["webhooks"],
  summary: EVENT_DESCRIPTIONS[type],
  description:
    "A CloudEvent in structured mode, signed after Standard Webhooks. Delivered at least once with a constant id: answer 2xx and drop repeats by `webhook-id`.",
  requestParams: {
    header: z.object({
      "webhook-id": z.string().meta({ description: "The same on every retry" }),
      "webhook-timestamp": z.string().meta({ description: "Seconds since 1970, of this attempt" }),
      "webhook-signature": z.string().meta({ description: "`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`" }),
    }),
  },
  requestBody: {
    required: true,
    content: {
      [CLOUD_EVENT_CONTENT_TYPE.split(";")[0] as string]: {
        schema: CloudEvent.extend({ type: z.literal(type), data: EVENT_DATA[type] }).meta({
          id: type === "alert.firing" ? "AlertFiringEvent" : "AlertResolvedEvent",
        }),
        example: cloudEvent(
          {
            id: "evt_019a48f0a1b37c3d8e4f5a6b7c8d9e10",
            type,
            subject: "shop-availability",
            occurredAtMs: Date.UTC(2026, 10, 3, 14, 4),
            data,
          },
          "https://status.example.com",
          7n,
        ),
      },
    },
  },
  responses: { "204": { description: "Taken" } },
});

/** The OpenAPI 3.1 document of what this server serves. `serverUrl` is the page's address. */
export const openApiDocument = ({ version, serverUrl }: { version: string; serverUrl: string }): object => {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const operation of OPERATIONS) {
    const methods = { ...paths[operation.path], [operation.method.toLowerCase()]: operationOf(operation) };
    paths[operation.path] = methods;
  }
  Object.assign(paths, PUSH_PATHS, PROGRAM_PATHS);
  return createDocument({
    openapi: "3.1.0",
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    info: {
      title: "Nines",
      version,
      description:
        "Services, objectives, error budgets and burn-rate alerts. Reading is public and needs no key. Unknown parameters are refused; fields are only ever added.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: serverUrl, description: "This installation" }],
    tags: [
      { name: "services", description: "What customers know by name" },
      { name: "probes", description: "What is checked, its parts, and single runs" },
      { name: "slos", description: "Objectives and their error budgets" },
      { name: "alerts", description: "Alerts on burn rates and thresholds, and who looks after them" },
      { name: "exclusions", description: "Times that do not count as they were measured, and why" },
      { name: "maintenances", description: "Planned work, once or by a rule" },
      { name: "statements", description: "What was promised and kept in a month or a quarter" },
      { name: "silences", description: "Times in which nobody is told of alerts" },
      { name: "endpoints", description: "Where events are sent to" },
      { name: "deliveries", description: "What became of sending events" },
      { name: "events", description: "What happened, for whoever catches up" },
      { name: "keys", description: "Keys of this API" },
      { name: "metrics", description: "Rate, errors and durations of probes" },
      { name: "meta", description: "This installation" },
      { name: "statuspage", description: "The Statuspage-compatible API; served without the database, for any origin" },
      { name: "health", description: "For load balancers and orchestrators" },
      { name: "prometheus", description: "For Prometheus and its like" },
      { name: "heartbeats", description: "Where work reports that it ran" },
      { name: "agents", description: "For agents of remote locations" },
      { name: "webhooks", description: "What endpoints receive" },
    ],
    paths,
    webhooks: {
      "alert.firing": { post: webhookOf("alert.firing", ALERT_EXAMPLE) },
      "alert.resolved": { post: webhookOf("alert.resolved", RESOLVED_ALERT_EXAMPLE) },
    },
    components: {
      responses: Object.fromEntries(PROBLEM_STATUSES.map((status) => [PROBLEM_NAMES[status], problemResponse(status)])),
      securitySchemes: SECURITY_SCHEMES,
    },
  });
};
