import { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiResponsesObject } from "zod-openapi";
import { Identifier, ProblemDetail } from "./api.ts";
import { FIELDS_PARAMETER, fieldsOf } from "./operations/fields.ts";
import type { Operation, ProblemStatus } from "./operations/operation.ts";
import { costOf } from "./operations/operation.ts";

/** One operation of the table in OpenAPI's words, and the answers that all of them share. */

const PROBLEM_NAMES = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  406: "NotAcceptable",
  409: "Conflict",
  413: "TooLarge",
  415: "UnsupportedMediaType",
  422: "Unprocessable",
  429: "TooManyRequests",
  500: "InternalError",
  503: "Unavailable",
} as const satisfies Record<ProblemStatus, string>;
const PROBLEM_TEXTS: Readonly<Record<ProblemStatus, string>> = {
  400: "A parameter or a field of the body is not valid; `errors` lists all of them.",
  401: "The key is missing, unknown, expired or revoked; `WWW-Authenticate` says what to send.",
  403: "The key does not hold the scope of this operation.",
  404: "There is no such thing.",
  406: "None of the media types that `Accept` names is served here.",
  409: "The change contradicts the present state, or the same Idempotency-Key is being answered.",
  413: "The body has more than 1 MB.",
  415: "The body is not JSON.",
  422: "The Idempotency-Key was used for another request.",
  429: "Too many requests; try again after `Retry-After` seconds.",
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
  ...(status === 503 || status === 429
    ? { headers: z.object({ "Retry-After": z.string().meta({ description: "Seconds" }) }) }
    : {}),
  content: { "application/problem+json": { schema: ProblemDetail } },
});

/** What an operation may tell beside its success: what it names, and what follows from its scope, body and method. */
const problemsOf = (operation: Operation): ProblemStatus[] => {
  const implied: ProblemStatus[] = [
    ...operation.problems,
    ...(operation.scope === null ? [] : ([401, 403] as const)),
    ...(operation.body === undefined ? [] : ([400, 413, 415] as const)),
    ...(operation.method === "GET" ? [] : ([409, 422] as const)),
    ...(operation.path.startsWith("/v1/") ? ([406, 429] as const) : []),
  ];
  return PROBLEM_STATUSES.filter((status) => implied.includes(status));
};

const LOCATION = z.object({
  Location: z
    .string()
    .optional()
    .meta({ description: "Where what was made can be read; missing when nothing is kept" }),
});

const contentOf = ({ response, streams, produces = [] }: Operation): Record<string, { schema: z.ZodType }> =>
  streams === true
    ? { "text/event-stream": { schema: z.string() } }
    : Object.fromEntries([
        ...(response === null ? [] : [["application/json", { schema: response }]]),
        ...produces.map((type) => [type, { schema: z.string() }]),
      ]);

const responsesOf = (operation: Operation): ZodOpenApiResponsesObject => {
  const { status = 200 } = operation;
  const content = contentOf(operation);
  const responses: Record<string, unknown> = {
    [status]: {
      description: operation.summary,
      headers: status === 201 || status === 202 ? HEADERS.extend(LOCATION.shape) : HEADERS,
      ...(Object.keys(content).length === 0 ? {} : { content }),
    },
  };
  if (operation.method === "GET" && operation.streams !== true)
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

/** The table's own parameters, and `fields` where the pipeline takes it. */
const queryOf = (operation: Operation): z.ZodObject => {
  const takesFields = operation.path.startsWith("/v1/") && operation.streams !== true && fieldsOf(operation) !== null;
  return takesFields && !("fields" in operation.query.shape)
    ? operation.query.extend({ fields: FIELDS_PARAMETER })
    : operation.query;
};

const paramsOf = (operation: Operation): Pick<ZodOpenApiOperationObject, "requestParams"> => {
  const query = queryOf(operation);
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  return {
    requestParams: {
      ...(names.length === 0 ? {} : { path: z.object(Object.fromEntries(names.map((name) => [name, Identifier]))) }),
      ...(Object.keys(query.shape).length === 0 ? {} : { query }),
      ...(operation.method === "GET" ? {} : { header: IDEMPOTENCY_HEADER }),
    },
  };
};

const securityOf = ({ scope, showsMoreWhenSignedIn }: Operation): Record<string, string[]>[] => {
  if (showsMoreWhenSignedIn === true) return [{}, { session: [] }, { bearerAuth: ["probes:read"] }];
  return scope === null ? [] : [{ bearerAuth: [scope] }];
};

/** What summary and schemas do not say: who may ask, what it costs, and what makes it safe to ask again. */
const describe = (operation: Operation): string => {
  const { scope, method, path, streams, deprecated } = operation;
  const asker = scope === null ? "Needs no key." : `Needs the scope \`${scope}\`.`;
  const cost = path.startsWith("/v1/") ? ` Costs ${costOf(operation)} of the rate limit.` : "";
  const retired = deprecated === undefined ? "" : ` Deprecated: use ${deprecated.successor}.`;
  if (streams === true) return `${asker}${cost} Server-Sent Events, until the client closes.${retired}`;
  if (method === "GET")
    return `${asker}${cost} Answers carry an entity tag; a repeat that sends it gets 304.${retired}`;
  return `${asker}${cost} Safe to repeat under an \`Idempotency-Key\`; the change is in the audit log.${retired}`;
};

/** An operation of the table as OpenAPI says it. */
export const operationOf = (operation: Operation): ZodOpenApiOperationObject => ({
  operationId: operation.operationId,
  tags: [operation.tag],
  summary: operation.summary,
  description: describe(operation),
  ...(operation.deprecated === undefined ? {} : { deprecated: true }),
  security: securityOf(operation),
  ...(operation.body === undefined
    ? {}
    : { requestBody: { required: true, content: { "application/json": { schema: operation.body } } } }),
  ...paramsOf(operation),
  responses: responsesOf(operation),
});

/** The shared answers, by the name that operations refer to. */
export const sharedResponses = () =>
  Object.fromEntries(PROBLEM_STATUSES.map((status) => [PROBLEM_NAMES[status], problemResponse(status)]));
