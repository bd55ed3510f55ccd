import type { EXTERNAL_ALERT_OPERATIONS } from "#lib/contracts/operations/external-alerts.ts";
import { getExternalAlert, listExternalAlerts } from "#lib/read/external-alerts.ts";
import type { HandlersOf } from "./types.ts";

export const externalAlertHandlers: HandlersOf<typeof EXTERNAL_ALERT_OPERATIONS> = {
  listExternalAlerts: async ({ database }, { query }) => ({ body: await listExternalAlerts(database, query) }),
  getExternalAlert: async ({ database }, { params }) => ({ body: await getExternalAlert(database, params.id) }),
};
