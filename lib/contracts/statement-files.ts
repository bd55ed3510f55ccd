import { csvOf } from "#lib/core/csv.ts";
import type { StatementFigures, StatementLine, StatementResource } from "./statements.ts";

const HEAD = [
  "statement",
  "state",
  "version",
  "period",
  "time_zone",
  "record",
  "service",
  "id",
  "from",
  "until",
  "objective_percent",
  "met",
  "attained_ratio",
  "good",
  "bad",
  "total",
  "unit",
  "downtime_seconds",
  "raw_attained_ratio",
  "raw_bad",
  "raw_total",
  "text",
];

const metText = ({ isMet }: StatementFigures): string => (isMet === null ? "" : isMet ? "yes" : "no");

const lineCells = (line: StatementLine): (string | number | null)[] => [
  line.objective,
  metText(line.figures),
  line.figures.attainedRatio,
  line.figures.good,
  line.figures.bad,
  line.figures.total,
  line.unit,
  line.downtimeSeconds,
  line.raw.attainedRatio,
  line.raw.bad,
  line.raw.total,
];

const NO_FIGURES: readonly null[] = new Array<null>(11).fill(null);

/**
 * A statement as one table, safe to open in a spreadsheet: a row for each SLO, incident, exclusion and change, told apart
 * by `record`. A digest of its inputs stands in the last row.
 */
export const statementCsv = (statement: StatementResource): string => {
  const { id, state, version, period, services, exclusions, changes } = statement;
  const common = [id, state, version, period.label, period.timeZone];
  const rows = [
    ...services.flatMap((service) => [
      ...service.lines.map((line) => [
        ...["slo", service.name, line.sloId, line.from, line.until],
        ...lineCells(line),
        null,
      ]),
      ...service.incidents.map((incident) => [
        ...["incident", service.name, incident.id, incident.startedAt, incident.resolvedAt],
        ...NO_FIGURES,
        `${incident.impact}: ${incident.name}`,
      ]),
    ]),
    ...exclusions.map((one) => [
      ...["exclusion", one.serviceId ?? one.sloId ?? one.probeId, one.id, one.startsAt, one.endsAt],
      ...NO_FIGURES,
      `${one.kind} (${one.state}) by ${one.author}${one.approvedBy === null ? "" : `, approved by ${one.approvedBy}`}: ${one.reason}`,
    ]),
    ...changes.map((change) => [
      ...["change", change.what, change.id, null, null],
      ...NO_FIGURES,
      `${change.change}: ${change.text}`,
    ]),
    [...["inputs", null, statement.inputsSha256, period.startsAt, period.endsAt], ...NO_FIGURES, statement.replaces],
  ];
  return csvOf([HEAD, ...rows.map((row) => [...common, ...row])]);
};
