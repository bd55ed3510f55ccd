import { z } from "zod";
import { AlertResource, AlertSeverity, AlertState, MetaResource, ServiceResource, SloResource } from "../api.ts";
import { MetricsResource } from "../metrics.ts";
import { listOperation, sortedPaging, wholePaging } from "./list-operation.ts";
import type { Operation } from "./operation.ts";
import { id, instant, NoQuery, READ_ONE_PROBLEMS, READ_PROBLEMS, searching } from "./operation.ts";

const GetMetricsQuery = z.strictObject({
  probe: id.meta({ description: "Identifier of the probe", example: "shop-home" }),
  location: id.optional().meta({ description: "Only runs from this location; without it all count together" }),
  from: instant("Start, in UTC; a day before `to` when it is left out"),
  to: instant("End, in UTC; now when it is left out"),
  step: z.string().max(20).optional().meta({
    description: "Minutes that divide an hour, whole hours or whole days; at most 1,500 points",
    example: "5m",
  }),
  totals: z.enum(["true", "false"]).optional().meta({ description: "Whether to tell of all points together as well" }),
});

/** What everybody may read. */
export const READ_OPERATIONS = [
  listOperation({
    operationId: "listServices",
    path: "/v1/services",
    tag: "services",
    summary: "List services in the order of the page",
    scope: null,
    query: wholePaging("services"),
    item: ServiceResource,
    name: "ServiceList",
  }),
  {
    operationId: "getService",
    method: "GET",
    path: "/v1/services/{id}",
    tag: "services",
    summary: "Read one service",
    scope: null,
    query: NoQuery,
    response: ServiceResource,
    problems: READ_ONE_PROBLEMS,
  },
  listOperation({
    operationId: "listSlos",
    path: "/v1/slos",
    tag: "slos",
    summary: "List objectives with their newest reading",
    scope: null,
    query: { ...wholePaging("slos"), serviceId: id.optional() },
    item: SloResource,
    name: "SloList",
  }),
  {
    operationId: "getSlo",
    method: "GET",
    path: "/v1/slos/{id}",
    tag: "slos",
    summary: "Read one objective",
    scope: null,
    query: NoQuery,
    response: SloResource,
    problems: READ_ONE_PROBLEMS,
  },
  listOperation({
    operationId: "listAlerts",
    path: "/v1/alerts",
    tag: "alerts",
    summary: "List burn-rate alerts, the newest first",
    scope: null,
    query: {
      ...sortedPaging("alerts"),
      ...searching,
      state: AlertState.optional(),
      severity: AlertSeverity.optional(),
      sloId: id.optional(),
      serviceId: id.optional(),
      createdAfter: instant("Only alerts that fired after this instant"),
    },
    item: AlertResource,
    name: "AlertList",
  }),
  {
    operationId: "getAlert",
    method: "GET",
    path: "/v1/alerts/{id}",
    tag: "alerts",
    summary: "Read one alert",
    scope: null,
    query: NoQuery,
    response: AlertResource,
    problems: READ_ONE_PROBLEMS,
  },
  {
    operationId: "getMetrics",
    method: "GET",
    path: "/v1/metrics",
    tag: "metrics",
    summary: "Read rate, errors and durations of a probe",
    scope: null,
    query: GetMetricsQuery,
    response: MetricsResource,
    problems: READ_ONE_PROBLEMS,
  },
  {
    operationId: "getMeta",
    method: "GET",
    path: "/v1/meta",
    tag: "meta",
    summary: "What runs here and how fresh its data is",
    scope: null,
    query: NoQuery,
    response: MetaResource,
    problems: READ_PROBLEMS,
  },
] as const satisfies readonly Operation[];
