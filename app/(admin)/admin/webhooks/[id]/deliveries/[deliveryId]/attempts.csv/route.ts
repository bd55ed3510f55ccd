import { getDelivery } from "#lib/read/deliveries.ts";
import { getWebContext } from "#lib/read/web-context.ts";
import { allowedFile, csvAnswer, noSuchFile } from "../../../../../../_parts/red-csv.ts";

const HEAD = [
  "attempt",
  "started_at",
  "finished_at",
  "outcome",
  "reason",
  "status",
  "duration_ms",
  "request",
  "response",
];

type Params = { params: Promise<{ id: string; deliveryId: string }> };

/** The log of a delivery's attempts; what was sent and received stands in it without secrets, as on the page. */
export const GET = async (_request: Request, { params }: Params): Promise<Response> => {
  const { id, deliveryId } = await params;
  if (!(await allowedFile("deliveries:read"))) return noSuchFile();
  const delivery = await getDelivery(getWebContext().database, deliveryId).catch(() => null);
  if (delivery?.endpointId !== id) return noSuchFile();
  const rows = delivery.attempts.map((one) => [
    ...[one.number, one.startedAt, one.finishedAt, one.outcome, one.reason, one.httpStatus, one.durationMs],
    ...[one.request.body, one.response.excerpt],
  ]);
  return csvAnswer(`${deliveryId}-attempts.csv`, [HEAD, ...rows]);
};
