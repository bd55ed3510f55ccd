import { ERROR_SHARES } from "#lib/core/slo/feasibility.ts";
import { loadCourses } from "#lib/read/slo/course.ts";
import type { SloAlert, SloWithReading } from "#lib/read/slo/dashboard.ts";
import { loadSlo } from "#lib/read/slo/dashboard.ts";
import { loadSloExpectations } from "#lib/read/slo/expectations.ts";
import { csvAnswer, noSuchFile } from "../../../../_parts/red-csv.ts";
import { iso, pageZone, signedInCookie } from "../../../../_parts/view.ts";

type Rows = (string | number | null)[][];
type Found = { readonly slo: SloWithReading; readonly alerts: readonly SloAlert[] };
type File = (cookie: string | null, found: Found) => Promise<Rows>;

const alertRows: File = async (_cookie, { alerts }) => [
  ["alert", "pair", "severity", "state", "fired_at", "resolved_at", "reason", "acknowledged_by", "budget_consumed"],
  ...alerts.map((alert) => [
    ...[alert.id, alert.pairId, alert.severity, alert.state, iso(alert.firedAt)],
    ...[alert.resolvedAt === null ? null : iso(alert.resolvedAt), alert.resolveReason, alert.acknowledgedBy],
    alert.firingReading.budget.consumedRatio,
  ]),
];

const exclusionRows: File = async (cookie, { slo }) => {
  const effects = (await loadCourses(cookie, slo, pageZone()))?.effects ?? [];
  const { raw, budget } = slo.reading ?? {};
  const total = (name: string, row: typeof budget | undefined): Rows[number] => [
    ...[name, null, null, null, null, null, null],
    ...[row?.bad ?? null, row?.total ?? null, row?.remaining ?? null],
  ];
  return [
    ["row", "kind", "from", "to", "author", "approved_by", "reason", "failed", "counted", "budget_left"],
    total("raw", raw ?? budget),
    ...effects.map(({ exclusion, bad, total: counted }) => [
      ...[exclusion.id, exclusion.kind, iso(exclusion.startsAt), iso(exclusion.endsAt), exclusion.author],
      ...[exclusion.approvedBy, exclusion.reason, bad, counted, null],
    ]),
    total("adjusted", budget),
  ];
};

const feasibilityRows: File = async (cookie, { slo }) => {
  const { feasibility } = await loadSloExpectations(cookie, slo);
  return [
    [
      "pair",
      "possible",
      "failures_needed",
      ...ERROR_SHARES.map((share) => `minutes_at_${share}_percent`),
      "reset_minutes",
    ],
    ...(feasibility?.pairs ?? []).map((pair) => [
      ...[pair.pairId, String(pair.isPossible), pair.failuresNeeded],
      ...ERROR_SHARES.map((share) => pair.detectionMinutes[share]),
      pair.resetMinutes,
    ]),
  ];
};

const FILES: Readonly<Record<string, File>> = {
  "alerts.csv": alertRows,
  "exclusions.csv": exclusionRows,
  "feasibility.csv": feasibilityRows,
};

type Params = { params: Promise<{ id: string; file: string }> };

/** The tables of an SLO's page as files. */
export const GET = async (_request: Request, { params }: Params): Promise<Response> => {
  const cookie = await signedInCookie();
  const { id, file } = await params;
  const rowsOf = Object.hasOwn(FILES, file) ? FILES[file] : undefined;
  const found = rowsOf === undefined ? null : await loadSlo(cookie, id);
  if (rowsOf === undefined || found === null) return noSuchFile();
  return csvAnswer(`${id}-${file}`, await rowsOf(cookie, found));
};
