import { z } from "zod";
import { ExternalAlertResource } from "../external-alerts.ts";
import type { Operation } from "./operation.ts";
import { id, listOf, NoQuery, paging, READ_ONE_PROBLEMS, READ_PROBLEMS } from "./operation.ts";

export const EXTERNAL_ALERT_OPERATIONS = [
  {
    operationId: "listExternalAlerts",
    method: "GET",
    path: "/v1/external-alerts",
    tag: "alerts",
    summary: "List alerts that other systems sent in the last 30 days, the newest first",
    scope: "alerts:read",
    query: z.strictObject({ ...paging, state: z.enum(["firing", "resolved"]).optional(), service: id.optional() }),
    response: listOf(ExternalAlertResource, "ExternalAlertList"),
    problems: READ_PROBLEMS,
  },
  {
    operationId: "getExternalAlert",
    method: "GET",
    path: "/v1/external-alerts/{id}",
    tag: "alerts",
    summary: "Read one alert that another system sent",
    scope: "alerts:read",
    query: NoQuery,
    response: ExternalAlertResource,
    problems: READ_ONE_PROBLEMS,
  },
] as const satisfies readonly Operation[];
