import { z } from "zod";
import { ExternalAlertResource } from "../external-alerts.ts";
import { createdAfter, listOperation, sortedPaging } from "./list-operation.ts";
import type { Operation } from "./operation.ts";
import { id, NoQuery, READ_ONE_PROBLEMS, searching } from "./operation.ts";

export const EXTERNAL_ALERT_OPERATIONS = [
  listOperation({
    operationId: "listExternalAlerts",
    path: "/v1/external-alerts",
    tag: "alerts",
    summary: "List alerts that other systems sent in the last 30 days, the newest first",
    scope: "alerts:read",
    query: {
      ...sortedPaging("external-alerts"),
      ...searching,
      createdAfter,
      state: z.enum(["firing", "resolved"]).optional(),
      service: id.optional(),
    },
    item: ExternalAlertResource,
    name: "ExternalAlertList",
  }),
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
