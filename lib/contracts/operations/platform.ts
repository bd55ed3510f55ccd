import { z } from "zod";
import { RATE_TIERS } from "#lib/core/rate/tiers.ts";
import { BudgetResource } from "../budget-resource.ts";
import { EVENT_TYPES, isEventType } from "../events.ts";
import { LocationResource } from "../locations.ts";
import type { Operation } from "./operation.ts";
import {
  id,
  listOf,
  NoQuery,
  offsetPaging,
  paging,
  READ_ONE_PROBLEMS,
  READ_PROBLEMS,
  searching,
  sorting,
  staticListOf,
  WRITE_PROBLEMS,
} from "./operation.ts";

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
  {
    operationId: "listBudgets",
    method: "GET",
    path: "/v1/budgets",
    tag: "budgets",
    summary: "List error budgets as they are now, by default the emptiest first",
    scope: null,
    query: z.strictObject({
      ...paging,
      ...searching,
      serviceId: id.optional(),
      exhausted: z.enum(["true", "false"]).optional().meta({ description: "Only those that are spent, or are not" }),
      sort: sorting(["remainingRatio", "consumedRatio", "evaluatedAt", "id"]),
    }),
    response: listOf(BudgetResource, "BudgetList"),
    problems: READ_PROBLEMS,
  },
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
  {
    operationId: "listLocations",
    method: "GET",
    path: "/v1/locations",
    tag: "locations",
    summary: "List where checks run from",
    scope: null,
    query: z.strictObject({ ...paging, ...offsetPaging, ...searching, sort: sorting(["id", "name"]) }),
    response: staticListOf(LocationResource, "LocationList"),
    problems: READ_PROBLEMS,
  },
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
