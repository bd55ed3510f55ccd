import type { ProbeDashboard } from "#lib/read/probe-dashboard.ts";
import { loadProbeDashboard } from "#lib/read/probe-dashboard.ts";
import { probeQuestionOf } from "../../../../_parts/probe-search.ts";
import { csvAnswer, noSuchFile } from "../../../../_parts/red-csv.ts";
import { heatRows, redRows } from "../../../../_parts/red-rows.ts";
import { signedInCookie } from "../../../../_parts/view.ts";

type Rows = (string | number | null)[][];

const locationRows = ({ sides }: ProbeDashboard): Rows => [
  ["location", "runs", "errors", "error_ratio", "p50_ms", "p95_ms", "p99_ms"],
  ...sides.map(({ location, red }) => {
    const { total: runs, errors, errorRatio, durationMs } = red.totals;
    const { p50, p95, p99 } = durationMs;
    return [location.id, runs, errors, errorRatio, p50, p95, p99];
  }),
];

const runRows = ({ runs }: ProbeDashboard): Rows => [
  [
    ...["scheduled_at", "location", "class", "duration_ms", "dns_ms", "connect_ms", "tls_ms", "first_byte_ms"],
    ...["transfer_ms", "status", "detail", "tries", "trace_id"],
  ],
  ...runs.data.map((run) => {
    const { dns = null, connect = null, tls = null, firstByte = null, transfer = null } = run.phasesMs ?? {};
    const phases = [dns, connect, tls, firstByte, transfer];
    const about = [run.httpStatus, run.detail, run.tries.length + 1, run.traceId];
    return [run.scheduledAt, run.locationId, run.class, run.durationMs, ...phases, ...about];
  }),
];

const FILES: Readonly<Record<string, (dashboard: ProbeDashboard) => Rows>> = {
  "red.csv": ({ red }) => redRows(red.metrics),
  "heat.csv": ({ red }) => heatRows(red.metrics, red.heat),
  "locations.csv": locationRows,
  "runs.csv": runRows,
};

type Params = { params: Promise<{ id: string; file: string }> };

/** The figures behind the charts of a probe, for the same question as the page's. */
export const GET = async (request: Request, { params }: Params): Promise<Response> => {
  const cookie = await signedInCookie();
  const { id, file } = await params;
  const rowsOf = Object.hasOwn(FILES, file) ? FILES[file] : undefined;
  const search = Object.fromEntries(new URL(request.url).searchParams);
  const dashboard = rowsOf === undefined ? null : await loadProbeDashboard(cookie, probeQuestionOf(id, search));
  if (rowsOf === undefined || dashboard === null) return noSuchFile();
  return csvAnswer(`${id}-${file}`, rowsOf(dashboard));
};
