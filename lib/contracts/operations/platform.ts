import { z } from "zod";
import { RATE_TIERS } from "#lib/core/rate/tiers.ts";
import { BudgetResource } from "../budget-resource.ts";
import { EVENT_TYPES, isEventType } from "../events.ts";
import { LocationResource } from "../locations.ts";
import { listOperation, timelessPaging } from "./list-operation.ts";
import type { Operation } from "./operation.ts";
import { id, NoQuery, READ_ONE_PROBLEMS, READ_PROBLEMS, WRITE_PROBLEMS } from "./operation.ts";

const RateTierResource = z
  .strictObject({ keyId: z.string(), tier: z.enum(RATE_TIERS) })
  .meta({ id: "RateTier", description: "How often a key may ask" });

const LiveQuery = z.strictObject({
  type: z
    .string()
    .max(1_000)
    .refine((text) => text.split(",").every(isEventType), `must be among ${EVENT_TYPES.join(", ")}`)
    .optional()
    .meta({ description: "Only these types of events, with commas between them", example: "alert.firing" }),
  serviceId: z
    .string()
    .max(2_000)
    .regex(/^[a-z0-9_,-]+$/, "must be ids of services, with commas between them")
    .optional()
    .meta({ description: "Only what is about these services, with commas between them", example: "shop" }),
});

/** Budgets, locations, live events and limits: what belongs to no single resource of the older tables. */
export const PLATFORM_OPERATIONS = [
  listOperation({
    operationId: "listBudgets",
    path: "/v1/budgets",
    tag: "budgets",
    summary: "List error budgets as they are now, by default the emptiest first",
    scope: null,
    query: {
      ...timelessPaging("budgets"),
      serviceId: id.optional(),
      exhausted: z.enum(["true", "false"]).optional().meta({ description: "Only those that are spent, or are not" }),
    },
    item: BudgetResource,
    name: "BudgetList",
  }),
  {
    operationId: "getBudget",
    method: "GET",
    path: "/v1/budgets/{id}",
    tag: "budgets",
    summary: "Read the error budget of one objective; its id is that of the objective",
    scope: null,
    query: NoQuery,
    response: BudgetResource,
    problems: READ_ONE_PROBLEMS,
  },
  listOperation({
    operationId: "listLocations",
    path: "/v1/locations",
    tag: "locations",
    summary: "List where checks run from",
    scope: null,
    query: timelessPaging("locations"),
    item: LocationResource,
    name: "LocationList",
  }),
  {
    operationId: "getLive",
    method: "GET",
    path: "/v1/live",
    tag: "live",
    summary:
      "Follow states, alerts and incidents as server-sent events; Last-Event-ID goes on where a stream broke off",
    scope: "events:read",
    query: LiveQuery,
    response: z.string().meta({ id: "LiveStream", description: "text/event-stream; `data` is the resource" }),
    streams: true,
    cost: 5,
    problems: READ_PROBLEMS,
  },
  {
    operationId: "setKeyTier",
    method: "PUT",
    path: "/v1/keys/{id}/tier",
    tag: "keys",
    summary: "Let a key ask more often: ten times for high, a hundred times for highest",
    scope: "keys:write",
    query: NoQuery,
    body: z.strictObject({ tier: z.enum(RATE_TIERS) }).meta({ id: "RateTierChange" }),
    response: RateTierResource,
    problems: WRITE_PROBLEMS,
  },
] as const satisfies readonly Operation[];
