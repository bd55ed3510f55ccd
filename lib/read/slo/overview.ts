import type { SloOverviewRow } from "./dashboard.ts";

export const OVERVIEW_STATES = ["firing", "missed", "met", "unknown"] as const;
export type OverviewState = (typeof OVERVIEW_STATES)[number];

/** What the address of the overview asks for; null: no such filter. */
export type OverviewQuery = {
  readonly state: OverviewState | null;
  readonly service: string | null;
  /** The owner that the SLO's document names; empty: it names none. */
  readonly team: string | null;
  readonly text: string | null;
  readonly group: "none" | "team" | "service";
  /** From 1. */
  readonly page: number;
};

export const ROWS_A_PAGE = 50;
const LONGEST_TEXT = 100;

type Parameters = Readonly<Record<string, string | string[] | undefined>>;

const one = (value: string | string[] | undefined): string | null => {
  const text = (Array.isArray(value) ? value[0] : value)?.trim() ?? "";
  return text === "" ? null : text.slice(0, LONGEST_TEXT);
};

/** The sign of an SLO without an owner in addresses; no owner's name is written so. */
export const NO_TEAM = "-";

/** Reads an address. What it does not understand counts as left out. */
export const overviewQueryOf = (search: Parameters): OverviewQuery => {
  const [state, group, team, page] = [one(search.state), one(search.group), one(search.team), Number(one(search.page))];
  return {
    state: OVERVIEW_STATES.find((each) => each === state) ?? null,
    service: one(search.service),
    team: team === NO_TEAM ? "" : team,
    text: one(search.q),
    group: group === "team" || group === "service" ? group : "none",
    page: Number.isInteger(page) && page >= 1 && page <= 10_000 ? page : 1,
  };
};

/** The owner that the document of an SLO names; empty when there is none. */
export const teamOf = ({ definition }: Pick<SloOverviewRow, "definition">): string => definition.document?.owner ?? "";

/** The one state that an SLO is listed under: what fires, then whether its objective is met. */
export const stateOf = ({ firing, reading }: Pick<SloOverviewRow, "firing" | "reading">): OverviewState => {
  if (firing.length > 0) return "firing";
  const isMet = reading?.budget.isMet ?? null;
  return isMet === null ? "unknown" : isMet ? "met" : "missed";
};

/** Rows under one heading; `name` null: there are no headings. */
export type OverviewGroup = {
  readonly name: string | null;
  readonly count: number;
  readonly rows: readonly SloOverviewRow[];
};

export type Overview = {
  /** Of all SLOs, whatever the filters. */
  readonly counts: Readonly<Record<OverviewState | "all", number>>;
  readonly services: readonly { readonly id: string; readonly name: string }[];
  readonly teams: readonly string[];
  readonly matched: number;
  readonly page: number;
  readonly pages: number;
  /** Of this page. */
  readonly groups: readonly OverviewGroup[];
};

const matches = (row: SloOverviewRow, { state, service, team, text }: OverviewQuery): boolean =>
  (state === null || stateOf(row) === state) &&
  (service === null || row.serviceId === service) &&
  (team === null || teamOf(row) === team) &&
  (text === null || `${row.id} ${row.serviceName} ${teamOf(row)}`.toLowerCase().includes(text.toLowerCase()));

/** Groups in the order of their most pressing row, since `rows` come in that order. */
const grouped = (rows: readonly SloOverviewRow[], group: OverviewQuery["group"]): readonly OverviewGroup[] => {
  if (group === "none") return [{ name: null, count: rows.length, rows }];
  const byName = Map.groupBy(rows, (row) => (group === "team" ? teamOf(row) : row.serviceName));
  return [...byName].map(([name, members]) => ({ name, count: members.length, rows: members }));
};

/** The part of groups that stands on a page. */
const partOf = (groups: readonly OverviewGroup[], from: number, count: number): readonly OverviewGroup[] => {
  let skipped = 0;
  return groups.flatMap((group) => {
    const rows = group.rows.slice(Math.max(0, from - skipped), Math.max(0, from + count - skipped));
    skipped += group.rows.length;
    return rows.length === 0 ? [] : [{ ...group, rows }];
  });
};

/** One page of the overview. `rows` are all SLOs, what matters now first. A page too far shows the last one. */
export const overviewOf = (
  rows: readonly SloOverviewRow[],
  query: OverviewQuery,
  rowsAPage: number = ROWS_A_PAGE,
): Overview => {
  const matching = rows.filter((row) => matches(row, query));
  const pages = Math.max(1, Math.ceil(matching.length / rowsAPage));
  const page = Math.min(query.page, pages);
  const counts = { all: rows.length, firing: 0, missed: 0, met: 0, unknown: 0 };
  for (const row of rows) counts[stateOf(row)] += 1;
  const services = new Map(rows.map(({ serviceId, serviceName }) => [serviceId, serviceName]));
  const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return {
    counts,
    services: [...services].map(([id, name]) => ({ id, name })).sort((a, b) => byName(a.name, b.name)),
    teams: [...new Set(rows.map(teamOf))].filter((team) => team !== "").sort(byName),
    matched: matching.length,
    page,
    pages,
    groups: partOf(grouped(matching, query.group), page === 1 ? 0 : (page - 1) * rowsAPage, rowsAPage),
  };
};
