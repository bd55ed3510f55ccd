import type { z } from "zod";
import { Liveness, PageHealth, Readiness } from "./health.ts";
import { ALERT_OPERATIONS } from "./operations/alerts.ts";
import { ANALYSIS_OPERATIONS } from "./operations/analyses.ts";
import { AUDIT_OPERATIONS } from "./operations/audit.ts";
import { BUDGET_OPERATIONS } from "./operations/budgets.ts";
import { CONFIG_OPERATIONS } from "./operations/config.ts";
import { DELIVERY_OPERATIONS } from "./operations/deliveries.ts";
import { ENDPOINT_OPERATIONS } from "./operations/endpoints.ts";
import { EXCLUSION_OPERATIONS } from "./operations/exclusions.ts";
import { EXTERNAL_ALERT_OPERATIONS } from "./operations/external-alerts.ts";
import { INCIDENT_OPERATIONS } from "./operations/incidents.ts";
import { JOB_OPERATIONS } from "./operations/jobs.ts";
import { KEY_OPERATIONS } from "./operations/keys.ts";
import { MAINTENANCE_OPERATIONS } from "./operations/maintenances.ts";
import type { Operation } from "./operations/operation.ts";
import { NoQuery } from "./operations/operation.ts";
import { PLATFORM_OPERATIONS } from "./operations/platform.ts";
import { PROBE_OPERATIONS } from "./operations/probes.ts";
import { READ_OPERATIONS } from "./operations/reads.ts";
import { SUBSCRIBER_OPERATIONS } from "./operations/subscribers.ts";
import { USER_OPERATIONS } from "./operations/users.ts";
import {
  StatuspageComponentsBody,
  StatuspageIncidentsBody,
  StatuspageMaintenancesBody,
  StatuspageStatusBody,
  StatuspageSummary,
} from "./statuspage.ts";

/** `/v1`: the pipeline of lib/web/api/api.ts serves exactly these. */
export const V1_OPERATIONS = [
  ...READ_OPERATIONS,
  ...PROBE_OPERATIONS,
  ...ALERT_OPERATIONS,
  ...KEY_OPERATIONS,
  ...USER_OPERATIONS,
  ...AUDIT_OPERATIONS,
  ...ENDPOINT_OPERATIONS,
  ...DELIVERY_OPERATIONS,
  ...EXTERNAL_ALERT_OPERATIONS,
  ...EXCLUSION_OPERATIONS,
  ...MAINTENANCE_OPERATIONS,
  ...INCIDENT_OPERATIONS,
  ...BUDGET_OPERATIONS,
  ...ANALYSIS_OPERATIONS,
  ...PLATFORM_OPERATIONS,
  ...JOB_OPERATIONS,
  ...SUBSCRIBER_OPERATIONS,
  ...CONFIG_OPERATIONS,
] as const;

const statuspage = (operationId: string, name: string, summary: string, response: z.ZodType): Operation => ({
  operationId,
  method: "GET",
  path: `/api/v2/${name}`,
  tag: "statuspage",
  summary,
  scope: null,
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
    scope: null,
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
    scope: null,
    query: NoQuery,
    response: Readiness,
    problems: [],
  },
  {
    operationId: "getHealthDocument",
    method: "GET",
    path: "/healthz",
    tag: "health",
    summary: "The same as application/health+json; 503 only when no page can be served",
    scope: null,
    query: NoQuery,
    response: null,
    produces: ["application/health+json"],
    problems: [],
  },
  {
    operationId: "getPageHealth",
    method: "GET",
    path: "/health/page",
    tag: "health",
    summary: "The page can be served, with or without a database; else 503 with the same body",
    scope: null,
    query: NoQuery,
    response: PageHealth,
    problems: [],
  },
];

export const OPERATIONS: readonly Operation[] = [...V1_OPERATIONS, ...STATUSPAGE_OPERATIONS, ...HEALTH_OPERATIONS];
