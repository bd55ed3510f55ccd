import { burnWindows } from "#lib/core/slo/burn-windows.ts";
import { loadSlo } from "#lib/read/slo/dashboard.ts";
import { csvAnswer } from "../../../../_parts/red-csv.ts";
import { iso, signedInCookie } from "../../../../_parts/view.ts";

const HEAD = ["window_minutes", "failed", "counted", "expected", "burn_rate", "limit", "until"];

/** The burn rates over every window as a file. A rate without events is an empty cell; a limit may be a fraction. */
export const GET = async (_request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> => {
  const cookie = await signedInCookie();
  const { id } = await params;
  const found = await loadSlo(cookie, id);
  if (found === null) return new Response("no such SLO\n", { status: 404 });
  const { reading, evaluatedAt } = found.slo;
  const until = evaluatedAt === null ? null : iso(evaluatedAt);
  const rows =
    reading === null
      ? []
      : burnWindows(reading).map(({ minutes, bad, total, expected, burnRate, factor }) => [
          ...[minutes, bad, total, expected, burnRate, factor, until],
        ]);
  return csvAnswer(`${id}-burn.csv`, [HEAD, ...rows]);
};
