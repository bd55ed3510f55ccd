import { z } from "zod";
import { AlertResource, AlertSeverity, AlertState, MetaResource, ServiceResource, SloResource } from "../api.ts";
import { MetricsResource } from "../metrics.ts";
import type { Operation } from "./operation.ts";
import {
  id,
  instant,
  listOf,
  NoQuery,
  offsetPaging,
  paging,
  READ_ONE_PROBLEMS,
  READ_PROBLEMS,
  searching,
  sorting,
  staticListOf,
} from "./operation.ts";

const createdAfter = instant("Only what was made after this instant");

const ListServicesQuery = z.strictObject({
  ...paging,
  ...offsetPaging,
  ...searching,
  createdAfter,
  sort: sorting(["createdAt", "updatedAt", "name", "id"]),
});
const ListSlosQuery = z.strictObject({
  ...paging,
  ...offsetPaging,
  ...searching,
  serviceId: id.optional(),
  createdAfter,
  sort: sorting(["createdAt", "updatedAt", "serviceId", "id"]),
});
const ListAlertsQuery = z.strictObject({
  ...paging,
  state: AlertState.optional(),
  severity: AlertSeverity.optional(),
  sloId: id.optional(),
  serviceId: id.optional(),
  ...searching,
  createdAfter: instant("Only alerts that fired after this instant"),
  sort: sorting(["createdAt", "firedAt", "severity", "state", "serviceId"]),
});

const GetMetricsQuery = z.strictObject({
  probe: id.meta({ description: "Identifier of the probe", example: "shop-home" }),
  location: id.optional().meta({ description: "Only runs from this location; without it all count together" }),
  from: instant("Start, in UTC; a day before `to` when it is left out"),
  to: instant("End, in UTC; now when it is left out"),
  step: z.string().max(20).optional().meta({
    description: "Minutes that divide an hour, whole hours or whole days; at most 1,500 points",
    example: "5m",
  }),
});

/** What everybody may read. */
export const READ_OPERATIONS = [
  {
    operationId: "listServices",
    method: "GET",
    path: "/v1/services",
    tag: "services",
    summary: "List services in the order of the page",
    scope: null,
    query: ListServicesQuery,
    response: staticListOf(ServiceResource, "ServiceList"),
    problems: READ_PROBLEMS,
  },
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
  {
    operationId: "listSlos",
    method: "GET",
    path: "/v1/slos",
    tag: "slos",
    summary: "List objectives with their newest reading",
    scope: null,
    query: ListSlosQuery,
    response: staticListOf(SloResource, "SloList"),
    problems: READ_PROBLEMS,
  },
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
  {
    operationId: "listAlerts",
    method: "GET",
    path: "/v1/alerts",
    tag: "alerts",
    summary: "List burn-rate alerts, the newest first",
    scope: null,
    query: ListAlertsQuery,
    response: listOf(AlertResource, "AlertList"),
    problems: READ_PROBLEMS,
  },
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
