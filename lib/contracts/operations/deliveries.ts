import { z } from "zod";
import { DeliveryDetailResource, DeliveryStateName } from "../deliveries.ts";
import { EventResource } from "../event-log.ts";
import { DeliveryResource, EVENT_TYPES, isEventType } from "../events.ts";
import { createdAfter, listOperation, sortedPaging } from "./list-operation.ts";
import type { Operation } from "./operation.ts";
import { id, NoQuery, paging, READ_ONE_PROBLEMS, WRITE_PROBLEMS } from "./operation.ts";

const EVENT_FILTERS = {
  ...paging,
  createdAfter,
  type: z
    .string()
    .max(1_000)
    .refine((text) => text.split(",").every(isEventType), `must be among ${EVENT_TYPES.join(", ")}`)
    .optional()
    .meta({ description: "One type, or several with commas between them", example: "alert.firing,alert.resolved" }),
};

const DELIVERY_FILTERS = {
  ...sortedPaging("deliveries"),
  createdAfter,
  endpoint: id.optional().meta({ description: "Only to this endpoint" }),
  event: id.optional().meta({ description: "Only of this event" }),
  state: DeliveryStateName.optional().meta({ description: "`dead` lists what was given up" }),
};

/** Events, and what became of sending them. */
export const DELIVERY_OPERATIONS = [
  listOperation({
    operationId: "listEvents",
    path: "/v1/events",
    tag: "events",
    summary: "Read events of the last 30 days in the order in which they were recorded",
    scope: "events:read",
    query: EVENT_FILTERS,
    item: EventResource,
    name: "EventList",
  }),
  {
    operationId: "getEvent",
    method: "GET",
    path: "/v1/events/{id}",
    tag: "events",
    summary: "Read one event",
    scope: "events:read",
    query: NoQuery,
    response: EventResource,
    problems: READ_ONE_PROBLEMS,
  },
  listOperation({
    operationId: "listDeliveries",
    path: "/v1/deliveries",
    tag: "deliveries",
    summary: "List deliveries of the last 30 days, the newest first",
    scope: "deliveries:read",
    query: DELIVERY_FILTERS,
    item: DeliveryResource,
    name: "DeliveryList",
  }),
  {
    operationId: "getDelivery",
    method: "GET",
    path: "/v1/deliveries/{id}",
    tag: "deliveries",
    summary: "Read one delivery with its attempts",
    scope: "deliveries:read",
    query: NoQuery,
    response: DeliveryDetailResource,
    problems: READ_ONE_PROBLEMS,
  },
  {
    operationId: "replayDelivery",
    method: "POST",
    path: "/v1/deliveries/{id}/replay",
    tag: "deliveries",
    summary: "Send an event again under its id; what waits is tried at once",
    scope: "deliveries:write",
    query: NoQuery,
    response: DeliveryResource,
    status: 202,
    problems: WRITE_PROBLEMS,
  },
] as const satisfies readonly Operation[];
