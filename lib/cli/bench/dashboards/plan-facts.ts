/** A node as `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)` and auto_explain write it; what is not read here is left out. */
type PlanNode = {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Actual Rows"?: number;
  readonly "Actual Loops"?: number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Rows Removed by Index Recheck"?: number;
  readonly "Join Type"?: string;
  readonly Plans?: readonly PlanNode[];
};

/** One execution of a statement as auto_explain tells it. */
export type ExplainedStatement = { readonly text: string; readonly ms: number; readonly plan: PlanNode };

/** What matters of a plan that was run. */
export type PlanFacts = {
  readonly topNode: string;
  /** Names of indexes, day partitions as `_*`, sorted. */
  readonly indexes: readonly string[];
  /** Tables that were read whole, with the rows of that. */
  readonly wholeTables: ReadonlyMap<string, number>;
  /** Rows that scans looked at, also those that a filter threw away. */
  readonly rows: number;
  /** Those of them that are single runs, or what runs saw of parts. */
  readonly rawRows: number;
  readonly faults: readonly string[];
};

/**
 * Raw runs that one statement of a dashboard may look at: six hours at 30 s from three locations, which is what the charts
 * of a probe count where minutes have no histogram.
 */
export const MOST_RAW_ROWS = 2_200;

/** A table of so few rows is read whole in any case, such as the day of runs that has just begun. */
const FEW_ROWS = 200;

const RAW_TABLE = /^(runs|part_runs|run_tries)(_\d{8})?$/;
/** Keys that begin with the probe or part and the location. */
const RAW_KEY = /^(runs|run_tries)(_\d{8})?_pkey$|^part_runs_(pkey|by_class)$/;

const general = (name: string): string => name.replace(/_\d{8}/, "_*");

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/** Rows that a scan looked at over all its loops. */
const rowsOf = (node: PlanNode): number =>
  ((node["Actual Rows"] ?? 0) + (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Index Recheck"] ?? 0)) *
  (node["Actual Loops"] ?? 0);

/** Index nodes below a bitmap scan carry the name of the index, the scan itself that of the table. */
const indexesOf = (node: PlanNode): string[] =>
  nodesOf(node).flatMap((one) => (one["Index Name"] === undefined ? [] : [one["Index Name"]]));

const faultOf = (node: PlanNode): string | null => {
  const table = node["Relation Name"];
  if (table === undefined || !RAW_TABLE.test(table) || (node["Actual Loops"] ?? 0) === 0) return null;
  const indexes = indexesOf(node);
  if (indexes.length === 0 && rowsOf(node) / (node["Actual Loops"] ?? 1) <= FEW_ROWS) return null;
  if (indexes.length === 0) return `${node["Node Type"]} on ${general(table)}`;
  const other = indexes.find((index) => !RAW_KEY.test(index));
  return other === undefined ? null : `${general(table)} is read by ${general(other)} and not by its key`;
};

/** Reads a plan that was run, and says what is wrong with how it reads raw runs. */
export const factsOfPlan = (plan: PlanNode): PlanFacts => {
  const nodes = nodesOf(plan);
  const scans = nodes.filter((node) => node["Relation Name"] !== undefined && (node["Actual Loops"] ?? 0) > 0);
  const sum = (list: readonly PlanNode[]): number => Math.round(list.reduce((all, node) => all + rowsOf(node), 0));
  const wholeTables = new Map<string, number>();
  for (const node of scans) {
    const table = general(node["Relation Name"] ?? "");
    if (node["Node Type"] === "Seq Scan")
      wholeTables.set(table, (wholeTables.get(table) ?? 0) + Math.round(rowsOf(node)));
  }
  const rawRows = sum(scans.filter((node) => RAW_TABLE.test(node["Relation Name"] ?? "")));
  const faults = [...new Set(nodes.map(faultOf).filter((fault) => fault !== null))];
  if (rawRows > MOST_RAW_ROWS) faults.push(`${rawRows} raw runs were read, over ${MOST_RAW_ROWS}`);
  return {
    topNode: plan["Node Type"],
    indexes: [
      ...new Set(
        nodes
          .filter((node) => (node["Actual Loops"] ?? 0) > 0)
          .flatMap(indexesOf)
          .map(general),
      ),
    ].sort(),
    wholeTables,
    rows: sum(scans),
    rawRows,
    faults,
  };
};

const MESSAGE = /^duration: ([\d.]+) ms {2}plan:\n/;

/** Reads what auto_explain says of one statement with `log_format` json; null when it is something else. */
export const explainedStatement = (message: string): ExplainedStatement | null => {
  const head = MESSAGE.exec(message);
  if (head === null) return null;
  const said = JSON.parse(message.slice(head[0].length)) as { "Query Text": string; Plan: PlanNode };
  return { text: said["Query Text"], ms: Number(head[1]), plan: said.Plan };
};

/** Settings of a session that make its server tell every statement's plan as it was run; only a superuser may set them. */
const EXPLAIN_SETTINGS = {
  session_preload_libraries: "auto_explain",
  "auto_explain.log_min_duration": "0",
  "auto_explain.log_analyze": "on",
  "auto_explain.log_buffers": "on",
  "auto_explain.log_format": "json",
} as const;

/** An address whose sessions explain what they run. */
export const explainingUrl = (url: string, more: Readonly<Record<string, string>> = {}): string => {
  const changed = new URL(url);
  for (const [name, value] of Object.entries({ ...EXPLAIN_SETTINGS, ...more })) changed.searchParams.set(name, value);
  return changed.href;
};
