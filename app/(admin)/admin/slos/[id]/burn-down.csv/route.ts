import { isTimeZone } from "#lib/core/calendar.ts";
import type { BudgetCourse } from "#lib/read/slo/course.ts";
import { loadCourses } from "#lib/read/slo/course.ts";
import { loadSlo } from "#lib/read/slo/dashboard.ts";
import { csvAnswer } from "../../../../_parts/red-csv.ts";
import { iso, pageZone, signedInCookie } from "../../../../_parts/view.ts";

const HEAD = ["until", "budget_left_percent", "failed", "counted", "expected"];
const HEAD_MORE = ["window", "budget_left_of_whole_window_percent", "if_it_stops_percent", "if_it_goes_on_percent"];

const percent = (share: number | null): string | null => (share === null ? null : (share * 100).toFixed(6));

/** Measured points, then those of what may come, which have no counts. */
const rowsOf = ({ window, points, ahead }: BudgetCourse): (string | number | null)[][] => {
  const name = window.kind === "rolling" ? "rolling" : `calendar_${window.period}`;
  return [
    ...points.map(({ at, remaining, whole, bad, total, expected }) => [
      ...[iso(at), percent(remaining), bad, total, expected],
      ...[name, percent(whole), null, null],
    ]),
    ...ahead.map(({ at, ifStops, ifGoesOn }) => [
      ...[iso(at), null, null, null, null],
      ...[name, null, percent(ifStops), percent(ifGoesOn)],
    ]),
  ];
};

/** The points of the burn-down charts as a file: those of the SLO's own window first. What is not known is an empty cell. */
export const GET = async (request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> => {
  const cookie = await signedInCookie();
  const { id } = await params;
  const found = await loadSlo(cookie, id);
  if (found === null) return new Response("no such SLO\n", { status: 404 });
  const zone = new URL(request.url).searchParams.get("tz");
  const courses = await loadCourses(cookie, found.slo, zone !== null && isTimeZone(zone) ? zone : pageZone());
  const rows = courses === null ? [] : [...rowsOf(courses.own), ...rowsOf(courses.other)];
  return csvAnswer(`${id}-burn-down.csv`, [[...HEAD, ...HEAD_MORE], ...rows]);
};
