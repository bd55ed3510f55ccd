import { z } from "zod";
import { DeliveryDetailResource, DeliveryStateName } from "../deliveries.ts";
import { EventResource } from "../event-log.ts";
import { DeliveryResource, EVENT_TYPES, isEventType } from "../events.ts";
import type { Operation } from "./operation.ts";
import { id, listOf, NoQuery, paging, READ_ONE_PROBLEMS, READ_PROBLEMS, WRITE_PROBLEMS } from "./operation.ts";

const ListEventsQuery = z.strictObject({
  ...paging,
  type: z
    .string()
    .max(1_000)
    .refine((text) => text.split(",").every(isEventType), `must be among ${EVENT_TYPES.join(", ")}`)
    .optional()
    .meta({ description: "One type, or several with commas between them", example: "alert.firing,alert.resolved" }),
});

const ListDeliveriesQuery = z.strictObject({
  ...paging,
  endpoint: id.optional().meta({ description: "Only to this endpoint" }),
  event: id.optional().meta({ description: "Only of this event" }),
  state: DeliveryStateName.optional().meta({ description: "`dead` lists what was given up" }),
});

/** Events, and what became of sending them. */
export const DELIVERY_OPERATIONS = [
  {
    operationId: "listEvents",
    method: "GET",
    path: "/v1/events",
    tag: "events",
    summary: "Read events of the last 30 days in the order in which they were recorded",
    scope: "events:read",
    query: ListEventsQuery,
    response: listOf(EventResource, "EventList"),
    problems: READ_PROBLEMS,
  },
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
  {
    operationId: "listDeliveries",
    method: "GET",
    path: "/v1/deliveries",
    tag: "deliveries",
    summary: "List deliveries of the last 30 days, the newest first",
    scope: "deliveries:read",
    query: ListDeliveriesQuery,
    response: listOf(DeliveryResource, "DeliveryList"),
    problems: READ_PROBLEMS,
  },
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
