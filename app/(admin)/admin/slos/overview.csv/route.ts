import { loadSloOverview } from "#lib/read/slo/dashboard.ts";
import { overviewOf, overviewQueryOf, stateOf, teamOf } from "#lib/read/slo/overview.ts";
import { csvAnswer } from "../../../_parts/red-csv.ts";
import { iso, signedInCookie } from "../../../_parts/view.ts";

const HEAD = [
  ...["slo", "service", "team", "state", "objective_percent", "good", "counted", "expected"],
  ...["budget_left_percent", "burn_rate_1h", "exhausted_in_seconds", "evaluated_at"],
];

const percent = (share: number | null | undefined): string | null =>
  share === null || share === undefined ? null : (share * 100).toFixed(6);

/** The overview with its filters as a file: all rows, not a page of them. Figures that are not known are empty. */
export const GET = async (request: Request): Promise<Response> => {
  const cookie = await signedInCookie();
  const query = overviewQueryOf(Object.fromEntries(new URL(request.url).searchParams));
  const rows = overviewOf(await loadSloOverview(cookie), { ...query, page: 1 }, Number.POSITIVE_INFINITY)
    .groups.flatMap((group) => group.rows)
    .map((row) => {
      const budget = row.reading?.budget;
      const minutes = budget?.minutesToExhaustion ?? null;
      return [
        ...[row.id, row.serviceId, teamOf(row), stateOf(row), row.definition.objective],
        ...[budget?.good ?? null, budget?.total ?? null, budget?.expected ?? null],
        ...[percent(budget?.remaining), budget?.burnRate1h ?? null],
        ...[minutes === null ? null : Math.max(0, Math.round(minutes * 60))],
        row.evaluatedAt === null ? null : iso(row.evaluatedAt),
      ];
    });
  return csvAnswer("slos.csv", [HEAD, ...rows]);
};
