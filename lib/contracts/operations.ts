import { z } from "zod";
import { AlertResource, AlertSeverity, AlertState, MetaResource, ServiceResource, SloResource } from "./api.ts";
import { Liveness, PageHealth, Readiness } from "./health.ts";
import { MetricsResource } from "./metrics.ts";
import { PROBE_OPERATIONS } from "./probe-operations.ts";
import { id, instant, listOf, NoQuery, paging } from "./query-fields.ts";
import {
  StatuspageComponentsBody,
  StatuspageIncidentsBody,
  StatuspageMaintenancesBody,
  StatuspageStatusBody,
  StatuspageSummary,
} from "./statuspage.ts";

export const ListServicesQuery = z.strictObject(paging);
export const ListSlosQuery = z.strictObject({ ...paging, serviceId: id.optional() });
export const ListAlertsQuery = z.strictObject({
  ...paging,
  state: AlertState.optional(),
  severity: AlertSeverity.optional(),
  sloId: id.optional(),
  serviceId: id.optional(),
});

export const GetMetricsQuery = z.strictObject({
  probe: id.meta({ description: "Identifier of the probe", example: "shop-home" }),
  location: id.optional().meta({ description: "Only runs from this location; without it all count together" }),
  from: instant("Start, in UTC; a day before `to` when it is left out"),
  to: instant("End, in UTC; now when it is left out"),
  step: z.string().max(20).optional().meta({
    description: "Minutes that divide an hour, whole hours or whole days; at most 1,500 points",
    example: "5m",
  }),
});

export type Operation = {
  readonly operationId: string;
  readonly method: "GET";
  /** With `{id}` for the one parameter that a path may have. */
  readonly path: string;
  readonly tag: "services" | "probes" | "slos" | "alerts" | "metrics" | "meta" | "statuspage" | "health";
  readonly summary: string;
  readonly query: z.ZodObject;
  readonly response: z.ZodType;
  /** Tells more to people who are signed in. */
  readonly showsMoreWhenSignedIn?: true;
  /** Answers beside 200 that carry a problem. */
  readonly problems: readonly (400 | 404 | 500 | 503)[];
};

export { NoQuery } from "./query-fields.ts";

const READ_PROBLEMS = [400, 500, 503] as const;
const READ_ONE_PROBLEMS = [400, 404, 500, 503] as const;

/** Read from the database: the router serves exactly these. */
export const V1_OPERATIONS = [
  {
    operationId: "listServices",
    method: "GET",
    path: "/v1/services",
    tag: "services",
    summary: "List services in the order of the page",
    query: ListServicesQuery,
    response: listOf(ServiceResource, "ServiceList"),
    problems: READ_PROBLEMS,
  },
  {
    operationId: "getService",
    method: "GET",
    path: "/v1/services/{id}",
    tag: "services",
    summary: "Read one service",
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
    query: ListSlosQuery,
    response: listOf(SloResource, "SloList"),
    problems: READ_PROBLEMS,
  },
  {
    operationId: "getSlo",
    method: "GET",
    path: "/v1/slos/{id}",
    tag: "slos",
    summary: "Read one objective",
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
    query: NoQuery,
    response: AlertResource,
    problems: READ_ONE_PROBLEMS,
  },
  ...PROBE_OPERATIONS,
  {
    operationId: "getMetrics",
    method: "GET",
    path: "/v1/metrics",
    tag: "metrics",
    summary: "Read rate, errors and durations of a probe",
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
    query: NoQuery,
    response: MetaResource,
    problems: READ_PROBLEMS,
  },
] as const satisfies readonly Operation[];
export type V1OperationId = (typeof V1_OPERATIONS)[number]["operationId"];

const statuspage = (operationId: string, name: string, summary: string, response: z.ZodType): Operation => ({
  operationId,
  method: "GET",
  path: `/api/v2/${name}`,
  tag: "statuspage",
  summary,
  query: NoQuery,
  response,
  problems: [503],
});

/** Served from finished bytes, without the database. */
const STATUSPAGE_OPERATIONS: readonly Operation[] = [
  statuspage("getSummary", "summary.json", "Page, components, open incidents and overall status", StatuspageSummary),
  statuspage("getStatus", "status.json", "Overall status", StatuspageStatusBody),
  statuspage("getComponents", "components.json", "Components and groups", StatuspageComponentsBody),
  statuspage("getIncidents", "incidents.json", "The 50 newest incidents", StatuspageIncidentsBody),
  statuspage("getUnresolvedIncidents", "incidents/unresolved.json", "Open incidents", StatuspageIncidentsBody),
  statuspage(
    "getMaintenances",
    "scheduled-maintenances.json",
    "The 50 newest maintenances",
    StatuspageMaintenancesBody,
  ),
  statuspage(
    "getUpcomingMaintenances",
    "scheduled-maintenances/upcoming.json",
    "Upcoming maintenances",
    StatuspageMaintenancesBody,
  ),
  statuspage(
    "getActiveMaintenances",
    "scheduled-maintenances/active.json",
    "Maintenances in progress",
    StatuspageMaintenancesBody,
  ),
];

const HEALTH_OPERATIONS: readonly Operation[] = [
  {
    operationId: "getLiveness",
    method: "GET",
    path: "/health/live",
    tag: "health",
    summary: "The process answers",
    query: NoQuery,
    response: Liveness,
    problems: [],
  },
  {
    operationId: "getReadiness",
    method: "GET",
    path: "/health/ready",
    tag: "health",
    summary: "Database, snapshot and page; 503 with the same body while degraded",
    query: NoQuery,
    response: Readiness,
    problems: [],
  },
  {
    operationId: "getPageHealth",
    method: "GET",
    path: "/health/page",
    tag: "health",
    summary: "The page can be served, with or without a database; else 503 with the same body",
    query: NoQuery,
    response: PageHealth,
    problems: [],
  },
];

export const OPERATIONS: readonly Operation[] = [...V1_OPERATIONS, ...STATUSPAGE_OPERATIONS, ...HEALTH_OPERATIONS];
