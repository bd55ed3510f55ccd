import { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject, ZodOpenApiResponsesObject } from "zod-openapi";
import { createDocument } from "zod-openapi";
import { Identifier, ProblemDetail } from "./api.ts";
import { CLOUD_EVENT_CONTENT_TYPE, CloudEvent, cloudEvent, EVENT_DATA, EVENT_DESCRIPTIONS } from "./events.ts";
import { ALERT_EXAMPLE, RESOLVED_ALERT_EXAMPLE, SERVICE_EXAMPLE, SLO_EXAMPLE } from "./examples.ts";
import { METRICS_EXAMPLE } from "./metrics.ts";
import type { Operation } from "./operations.ts";
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
    pagination: { limit: 20, hasNextPage: false, nextCursor: null, hasPrevPage: false, prevCursor: null },
  },
  listSlos: {
    data: [SLO_EXAMPLE],
    pagination: { limit: 20, hasNextPage: false, nextCursor: null, hasPrevPage: false, prevCursor: null },
  },
  listAlerts: {
    data: [ALERT_EXAMPLE],
    pagination: { limit: 20, hasNextPage: false, nextCursor: null, hasPrevPage: false, prevCursor: null },
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
  401: "Unauthenticated",
  404: "NotFound",
  413: "TooLarge",
  415: "UnsupportedType",
  500: "InternalError",
  503: "Unavailable",
} as const;
const PROBLEM_TEXTS = {
  400: "A parameter is not valid; `errors` lists all of them.",
  401: "The token is missing, too old, or not of a registered agent.",
  404: "There is no such thing.",
  413: "The body is too large.",
  415: "The body is no JSON, or has a coding that is not taken.",
  500: "A fault of ours; the log has the details under the trace id.",
  503: "The database or the first snapshot is not there; try again after `Retry-After` seconds.",
} as const;

const HEADERS = z.object({
  "X-Request-ID": z.string().meta({ description: "Names this request in our log" }),
  ETag: z.string().optional().meta({ description: "Send it back as If-None-Match to get 304" }),
});

const problemResponse = (status: keyof typeof PROBLEM_NAMES) => ({
  description: PROBLEM_TEXTS[status],
  ...(status === 503 ? { headers: z.object({ "Retry-After": z.string().meta({ description: "Seconds" }) }) } : {}),
  content: { "application/problem+json": { schema: ProblemDetail } },
});

const responsesOf = (operation: Operation): ZodOpenApiResponsesObject => {
  const example = EXAMPLES[operation.operationId];
  const responses: Record<string, unknown> = {
    "200": {
      description: operation.summary,
      headers: HEADERS,
      content: { "application/json": { schema: operation.response, ...(example === undefined ? {} : { example }) } },
    },
    "304": { description: "Not modified since the entity tag or date that was sent." },
  };
  for (const status of operation.problems)
    responses[status] = { $ref: `#/components/responses/${PROBLEM_NAMES[status]}` };
  if (operation.operationId === "getReadiness" || operation.operationId === "getPageHealth") {
    responses["503"] = { description: "Degraded", content: { "application/json": { schema: operation.response } } };
  }
  return responses as ZodOpenApiResponsesObject;
};

const operationOf = (operation: Operation): ZodOpenApiOperationObject => ({
  operationId: operation.operationId,
  tags: [operation.tag],
  summary: operation.summary,
  security: operation.showsMoreWhenSignedIn === true ? [{}, { session: [] }] : [],
  requestParams: {
    ...(operation.path.includes("{id}") ? { path: z.object({ id: Identifier }) } : {}),
    ...(Object.keys(operation.query.shape).length === 0 ? {} : { query: operation.query }),
  },
  responses: responsesOf(operation),
});

const SECURITY_SCHEMES = {
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
  const paths: ZodOpenApiPathsObject = {};
  for (const operation of OPERATIONS) paths[operation.path] = { get: operationOf(operation) };
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
      { name: "alerts", description: "Burn-rate alerts" },
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
      securitySchemes: SECURITY_SCHEMES,
      responses: Object.fromEntries(
        ([400, 401, 404, 413, 415, 500, 503] as const).map((status) => [
          PROBLEM_NAMES[status],
          problemResponse(status),
        ]),
      ),
    },
  });
};
