import { z } from "zod";
import { parseDuration } from "#lib/core/duration.ts";
import { AlertSeverity } from "../alerts.ts";
import { DeliveryStateName } from "../deliveries.ts";
import { EndpointResource, NewEndpointResource } from "../endpoints.ts";
import { DeliveryResource, EVENT_TYPES } from "../events.ts";
import { DurationText } from "../values.ts";
import { listOperation, wholePaging } from "./list-operation.ts";
import type { Operation } from "./operation.ts";
import { bodyInstant, bodyText, id, NoQuery, READ_ONE_PROBLEMS, WRITE_PROBLEMS } from "./operation.ts";

const LONGEST_TIMEOUT_MS = 30_000;
/** The file's ids have the same form. */
const endpointId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "must be lower-case letters, digits and dashes, at most 63")
  .meta({ description: "A name of your choice; made up when it is left out", example: "oncall" });
const url = z.string().min(1).max(2_048).meta({ description: "https; http and private addresses need egress.allow" });
const events = z
  .array(z.enum([...EVENT_TYPES, "*"]))
  .min(1)
  .max(100)
  .meta({ description: "`*` for all" });
const filters = z
  .strictObject({
    serviceIds: z.array(id).max(1_000).default([]).meta({ description: "Empty for any" }),
    severities: z.array(AlertSeverity).max(2).default([]).meta({ description: "Empty for any" }),
  })
  .meta({ id: "EndpointFilters" });
const headers = z
  .record(z.string().max(256), z.string().max(8_192))
  .refine((fields) => Object.keys(fields).length <= 20, "may have 20 fields")
  .meta({ description: "Header fields that every request carries; values are sealed and never shown" });
const timeout = DurationText.refine((text) => {
  const ms = parseDuration(text);
  return ms !== null && ms >= 1 && ms <= LONGEST_TIMEOUT_MS;
}, "must be between 1ms and 30s");
const description = bodyText(500, "What it is for");
const maxInFlight = z.number().int().min(1).max(64).meta({ description: "Attempts at once" });
const maxPerSecond = z.number().int().min(1).max(1_000).nullable().meta({ description: "Null: as fast as it answers" });

const CreateEndpointBody = z
  .strictObject({
    id: endpointId.optional(),
    url,
    description: description.nullable().default(null),
    events: events.default(["*"]),
    filters: filters.default({ serviceIds: [], severities: [] }),
    headers: headers.default({}),
    timeout: timeout.default("5s"),
    isOrdered: z.boolean().default(false),
    maxInFlight: maxInFlight.default(8),
    maxPerSecond: maxPerSecond.default(null),
  })
  .meta({ id: "EndpointCreation" });

const ChangeEndpointBody = z
  .strictObject({
    url: url.optional(),
    description: description.nullable().optional(),
    events: events.optional(),
    filters: filters.optional(),
    headers: headers.optional(),
    timeout: timeout.optional(),
    isOrdered: z.boolean().optional(),
    maxInFlight: maxInFlight.optional(),
    maxPerSecond: maxPerSecond.optional(),
  })
  .refine((body) => Object.keys(body).length > 0, "names nothing to change")
  .meta({ id: "EndpointChange", description: "What is left out stays" });

const RotateSecretBody = z
  .strictObject({
    graceHours: z
      .number()
      .int()
      .min(0)
      .max(720)
      .default(24)
      .meta({ description: "How long the old secret goes on signing" }),
  })
  .meta({ id: "EndpointSecretRotation" });

const DisableBody = z.strictObject({ reason: bodyText(500, "Why").optional() }).meta({ id: "EndpointDisabling" });

const ReplayBody = z
  .strictObject({
    from: bodyInstant("Deliveries made from then on"),
    to: bodyInstant("Deliveries made before; now when it is left out").optional(),
    states: z
      .array(DeliveryStateName.exclude(["pending"]))
      .min(1)
      .max(3)
      .default(["dead"]),
  })
  .meta({ id: "EndpointReplay" });

const ReplayResource = z
  .strictObject({
    replayed: z.number().int().nonnegative(),
    hasMore: z.boolean().meta({ description: "10,000 at once; the same call again takes the next ones" }),
  })
  .meta({ id: "EndpointReplayResult" });

export const ENDPOINT_OPERATIONS = [
  listOperation({
    operationId: "listEndpoints",
    path: "/v1/endpoints",
    tag: "endpoints",
    summary: "List endpoints, those of the file too",
    scope: "endpoints:read",
    query: wholePaging("endpoints"),
    item: EndpointResource,
    name: "EndpointList",
  }),
  {
    operationId: "getEndpoint",
    method: "GET",
    path: "/v1/endpoints/{id}",
    tag: "endpoints",
    summary: "Read one endpoint and its health",
    scope: "endpoints:read",
    query: NoQuery,
    response: EndpointResource,
    problems: READ_ONE_PROBLEMS,
  },
  {
    operationId: "createEndpoint",
    method: "POST",
    path: "/v1/endpoints",
    tag: "endpoints",
    summary: "Register a webhook; its signing secret is in this answer only",
    scope: "endpoints:write",
    query: NoQuery,
    body: CreateEndpointBody,
    response: NewEndpointResource,
    status: 201,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "changeEndpoint",
    method: "PATCH",
    path: "/v1/endpoints/{id}",
    tag: "endpoints",
    summary: "Change an endpoint; a new address is used once a test delivery has reached it",
    scope: "endpoints:write",
    query: NoQuery,
    body: ChangeEndpointBody,
    response: EndpointResource,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "removeEndpoint",
    method: "DELETE",
    path: "/v1/endpoints/{id}",
    tag: "endpoints",
    summary: "Remove an endpoint; what waits for it is canceled",
    scope: "endpoints:write",
    query: NoQuery,
    response: null,
    status: 204,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "testEndpoint",
    method: "POST",
    path: "/v1/endpoints/{id}/test",
    tag: "endpoints",
    summary: "Send endpoint.test to this endpoint only",
    scope: "endpoints:write",
    query: NoQuery,
    response: DeliveryResource,
    status: 202,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "rotateEndpointSecret",
    method: "POST",
    path: "/v1/endpoints/{id}/rotate-secret",
    tag: "endpoints",
    summary: "Replace the signing secret; both sign during the grace period",
    scope: "endpoints:write",
    query: NoQuery,
    body: RotateSecretBody,
    response: NewEndpointResource,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "enableEndpoint",
    method: "POST",
    path: "/v1/endpoints/{id}/enable",
    tag: "endpoints",
    summary: "Send to an endpoint again, with what waits for it",
    scope: "endpoints:write",
    query: NoQuery,
    response: EndpointResource,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "disableEndpoint",
    method: "POST",
    path: "/v1/endpoints/{id}/disable",
    tag: "endpoints",
    summary: "Send nothing to an endpoint until it is enabled",
    scope: "endpoints:write",
    query: NoQuery,
    body: DisableBody,
    response: EndpointResource,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "replayEndpoint",
    method: "POST",
    path: "/v1/endpoints/{id}/replay",
    tag: "endpoints",
    summary: "Send events of a span of time again, under their ids",
    scope: "deliveries:write",
    query: NoQuery,
    body: ReplayBody,
    response: ReplayResource,
    status: 202,
    problems: WRITE_PROBLEMS,
  },
] as const satisfies readonly Operation[];
