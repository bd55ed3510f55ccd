import type { ServiceDashboard } from "#lib/read/service-dashboard.ts";
import { loadServiceDashboard } from "#lib/read/service-dashboard.ts";
import { neighboursOf } from "../../../../_parts/dependency-layers.ts";
import { csvAnswer, noSuchFile } from "../../../../_parts/red-csv.ts";
import { spansOf } from "../../../../_parts/service-history.tsx";
import { iso, signedInCookie } from "../../../../_parts/view.ts";

type Rows = (string | number | null)[][];

const dependencyRows = ({ service, services, dependsOn }: ServiceDashboard): Rows => [
  ["service", "name", "relation", "state"],
  ...neighboursOf(service.id, dependsOn).map(({ id, relation }) => {
    const found = services.find((one) => one.id === id);
    return [id, found?.name ?? null, relation, found?.state ?? null];
  }),
];

const stateRows = ({ states, now }: ServiceDashboard): Rows => [
  ["since", "until", "measured", "published"],
  ...spansOf(states, now).map(({ since, until, measured, published }) => [iso(since), iso(until), measured, published]),
];

const stepRows = ({ journeys }: ServiceDashboard): Rows => [
  ["probe", "step", "name", "location", "class", "vote", "since", "at", "duration_ms", "status", "detail"],
  ...journeys.flatMap(({ probeId, parts }) =>
    parts.flatMap(({ key, name, locations }) =>
      locations.map((seen) => [
        ...[probeId, key, name, seen.locationId, seen.class, seen.vote, seen.since, seen.at],
        ...[seen.durationMs, seen.httpStatus, seen.detail],
      ]),
    ),
  ),
];

const inhibitedRows = ({ inhibited }: ServiceDashboard): Rows => [
  ["service", "slo", "alert", "severity", "kept_back_by"],
  ...inhibited.map(({ alert, by }) => [alert.serviceId, alert.sloId, alert.pairId, alert.severity, by.join(" ")]),
];

const probeRows = ({ service, latest }: ServiceDashboard): Rows => [
  ["probe", "type", "interval", "location", "last_run", "class", "vote"],
  ...service.probes.flatMap(({ id, type, interval }) => {
    const runs = latest.filter(({ probeId }) => probeId === id);
    if (runs.length === 0) return [[id, type, interval, null, null, null, null]];
    return runs.map((run) => [id, type, interval, run.locationId, iso(run.at), run.class, run.vote]);
  }),
];

const sloRows = ({ slos }: ServiceDashboard): Rows => [
  ["slo", "objective_percent", "good", "counted", "budget_left", "evaluated_at"],
  ...slos.map(({ id, definition, reading, evaluatedAt }) => {
    const { good = null, total = null, remaining = null } = reading?.budget ?? {};
    return [id, definition.objective, good, total, remaining, evaluatedAt === null ? null : iso(evaluatedAt)];
  }),
];

const FILES: Readonly<Record<string, (dashboard: ServiceDashboard) => Rows>> = {
  "dependencies.csv": dependencyRows,
  "inhibited.csv": inhibitedRows,
  "probes.csv": probeRows,
  "slos.csv": sloRows,
  "states.csv": stateRows,
  "steps.csv": stepRows,
};

type Params = { params: Promise<{ id: string; file: string }> };

/** The figures behind the drawings of a service. */
export const GET = async (_request: Request, { params }: Params): Promise<Response> => {
  const cookie = await signedInCookie();
  const { id, file } = await params;
  const rowsOf = Object.hasOwn(FILES, file) ? FILES[file] : undefined;
  const dashboard = rowsOf === undefined ? null : await loadServiceDashboard(cookie, id);
  if (rowsOf === undefined || dashboard === null) return noSuchFile();
  return csvAnswer(`${id}-${file}`, rowsOf(dashboard));
};
