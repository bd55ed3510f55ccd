import type { OrganisationSize } from "./config.ts";
import { MOST_RAW_ROWS } from "./plan-facts.ts";
import type { StatementFacts } from "./plans.ts";
import type { PageFigures } from "./visit.ts";

export const GOAL_MS = 100;
export const GOAL_BYTES = 300_000;

const tenth = (value: number): number => Math.round(value * 10) / 10;
const hundredth = (value: number): number => Math.round(value * 100) / 100;

/** Whether a page missed a goal: time of the server, or bytes of its first load. */
export const isOver = ({ p95Ms, firstLoadBytes }: PageFigures): boolean =>
  p95Ms > GOAL_MS || firstLoadBytes > GOAL_BYTES;

const cell = (text: string): string => text.replaceAll("|", "\\|");

/** The figures of pages as a table. */
export const pageTable = (figures: readonly PageFigures[], queries: ReadonlyMap<string, number>): string =>
  [
    "| page | median ms | p95 ms | CPU ms, web + PostgreSQL | queries | first load kB | |",
    "|---|---|---|---|---|---|---|",
    ...figures.map((figure) => {
      const { address, medianMs, p95Ms, cpuMs, postgresMs, firstLoadBytes } = figure;
      const cpu = `${cpuMs === null ? "?" : tenth(cpuMs)} + ${postgresMs === null ? "?" : tenth(postgresMs)}`;
      const times = `${tenth(medianMs)} | ${tenth(p95Ms)} | ${cpu}`;
      return `| \`${address}\` | ${times} | ${queries.get(address) ?? "?"} | ${Math.round(firstLoadBytes / 1_000)} | ${isOver(figure) ? "over" : ""} |`;
    }),
    "",
  ].join("\n");

const listed = (list: readonly string[]): string => (list.length === 0 ? "-" : list.join(", "));

const howOf = ({ indexes, wholeTables }: StatementFacts): string =>
  listed([...indexes, ...[...wholeTables].map(([table, rows]) => `whole ${table} (${rows})`)]);

const rowOf = (facts: StatementFacts): string => {
  const { name, pages, topNodes, mostRows, mostRawRows, medianMs, mostMs } = facts;
  const shown = pages.length > 6 ? `${pages.length} pages` : pages.join(", ");
  const cells = [
    `\`${name}\``,
    shown,
    topNodes.join(", "),
    howOf(facts),
    String(mostRows),
    String(mostRawRows),
    `${hundredth(medianMs)} (${hundredth(mostMs)})`,
  ];
  return `| ${cells.map(cell).join(" | ")} |`;
};

/** Statements that were sent in several forms, such as sorts, stand together: the dearest form is shown. */
const byName = (all: readonly StatementFacts[]): StatementFacts[] => {
  const merged = Map.groupBy(all, ({ name, topNodes, indexes }) => `${name} ${topNodes.join()} ${indexes.join()}`);
  return [...merged.values()].flatMap((forms) => {
    const [first] = forms;
    if (first === undefined) return [];
    return [{ ...first, pages: [...new Set(forms.flatMap(({ pages }) => pages))].sort() }];
  });
};

const count = (of: number): string => of.toLocaleString("en");

/** The document of all plans, raw runs first. */
export const plansDocument = (
  statements: readonly StatementFacts[],
  about: {
    readonly size: OrganisationSize;
    readonly runs: number;
    readonly pages: number;
    readonly addresses: number;
  },
): string => {
  const rows = byName(statements);
  const raw = rows.filter(
    ({ mostRawRows, indexes }) => mostRawRows > 0 || indexes.some((index) => /^(part_)?run(s|_tries)_/.test(index)),
  );
  const rest = rows.filter((row) => !raw.includes(row));
  const head = [
    "| query | page | top node | indexes, tables read whole (rows) | rows | raw runs | ms, median (most) |",
    "|---|---|---|---|---|---|---|",
  ];
  return [
    "# Plans of the dashboards' queries",
    "",
    "Written by `npm run -s nines -- bench dashboards --plans`; do not edit.",
    "",
    `A database with ${about.size.services} services, ${about.size.slos} SLOs and ${about.size.days} days of ${count(about.runs)} raw runs; the real web role answers ${about.pages} pages and files under \`/admin\` at ${about.addresses} addresses, eight times each, and PostgreSQL's auto_explain writes the plan of every statement as it was run (\`ANALYZE, BUFFERS, FORMAT JSON\`), also the plans that prepared statements keep from the sixth time on. Rows are those that scans looked at, the most of one execution; day partitions are written \`_*\`. Times are of a server that explains and shares its two cores.`,
    "",
    `The bench fails when a statement reads \`runs\`, \`part_runs\` or \`run_tries\` whole (over 200 rows) or by another index than one that begins with probe or part and location, or more than ${count(MOST_RAW_ROWS)} raw runs at once: six hours at 30 s from three locations, which is what durations by the minute are counted from where minutes have no histogram. \`test/db/dashboard-plans.test.ts\` holds every query to the same on a small database.`,
    "",
    "## Queries that touch single runs",
    "",
    ...head,
    ...raw.map(rowOf),
    "",
    "## All others",
    "",
    ...head,
    ...rest.map(rowOf),
    "",
  ].join("\n");
};
