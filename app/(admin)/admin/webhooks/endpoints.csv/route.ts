import { pageEndpoints } from "../../../_parts/portal-reads.ts";
import { allowedFile, csvAnswer, noSuchFile } from "../../../_parts/red-csv.ts";

const HEAD = [
  ...["endpoint", "type", "description", "state", "events", "services", "severities", "address", "breaker"],
  ...["failing_since", "pending", "dead", "last_delivered_at", "last_test"],
];

/** Webhooks and channels as a file; addresses as the page shows them. */
export const GET = async (): Promise<Response> => {
  if (!(await allowedFile("endpoints:read"))) return noSuchFile();
  const rows = (await pageEndpoints()).map(({ health, filters, ...one }) => [
    ...[one.id, one.type, one.description, one.state, one.events.join(" ")],
    ...[filters.serviceIds.join(" "), filters.severities.join(" "), one.address, health.breaker],
    ...[health.failingSince, health.pending, health.dead, health.lastDeliveredAt, health.lastTest?.result ?? null],
  ]);
  return csvAnswer("endpoints.csv", [HEAD, ...rows]);
};
