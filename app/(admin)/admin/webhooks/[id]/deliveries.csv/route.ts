import { DELIVERY_STATES } from "#lib/contracts/deliveries.ts";
import { pageDeliveries, pageEndpoint } from "../../../../_parts/portal-reads.ts";
import { allowedFile, csvAnswer, noSuchFile } from "../../../../_parts/red-csv.ts";

const HEAD = [
  "delivery",
  "event",
  "event_type",
  "sequence",
  "state",
  "attempts",
  "first_due_at",
  "finished_at",
  "error",
];
const MOST = 1_000;

type Params = { params: Promise<{ id: string }> };

/** The newest 1,000 deliveries of an endpoint, in one state or in any. */
export const GET = async (request: Request, { params }: Params): Promise<Response> => {
  const { id } = await params;
  if (!(await allowedFile("endpoints:read"))) return noSuchFile();
  const endpoint = await pageEndpoint(id).catch(() => null);
  if (endpoint === null) return noSuchFile();
  const asked = new URL(request.url).searchParams.get("state");
  const state = DELIVERY_STATES.find((one) => one === asked);
  const { data } = await pageDeliveries(id, state, { limit: MOST });
  const rows = data.map((one) => [
    ...[one.id, one.eventId, one.eventType, one.sequence, one.state, one.attemptsMade],
    ...[one.firstDueAt, one.finishedAt, one.lastError],
  ]);
  return csvAnswer(`${id}-deliveries.csv`, [HEAD, ...rows]);
};
