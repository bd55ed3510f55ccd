import { csvOf } from "#lib/core/csv.ts";
import { loadSloBurnDown } from "#lib/read/slo-burn-down.ts";
import { loadSlo } from "#lib/read/slo-dashboard.ts";
import { iso, signedInCookie } from "../../../../_parts/view.ts";

const HEAD = ["until", "budget_left_percent", "failed", "counted", "expected"];

/** The points of the burn-down chart as a file. An unmeasured budget is an empty cell. */
export const GET = async (_request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> => {
  const cookie = await signedInCookie();
  const { id } = await params;
  const found = await loadSlo(cookie, id);
  if (found === null) return new Response("no such SLO\n", { status: 404 });
  const points = await loadSloBurnDown(cookie, found.slo);
  const rows = points.map((point) => [
    iso(point.at),
    point.remaining === null ? null : (point.remaining * 100).toFixed(6),
    point.bad,
    point.total,
    point.expected,
  ]);
  return new Response(csvOf([HEAD, ...rows]), {
    headers: {
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": `attachment; filename="${id}-burn-down.csv"`,
      "cache-control": "private, no-store",
    },
  });
};
