import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { AppError } from "#lib/core/errors.ts";
import type { ExplainedStatement, PlanFacts } from "./plan-facts.ts";
import { explainedStatement, factsOfPlan } from "./plan-facts.ts";

/** What a server's sessions explain, read from its log. */
export type PlanLog = {
  /** Settings of the server. */
  readonly settings: Readonly<Record<string, string>>;
  /** What was explained since the last look. `mark` runs a statement that holds its text, which the log ends with. */
  readonly take: (mark: (text: string) => Promise<unknown>) => Promise<ExplainedStatement[]>;
};

const FILE = "plans";
const POLL_MS = 5;
const LATE_AFTER = 2_000;
const CHUNK = 1 << 20;

/** Lines from a place on; one that is still being written waits for the next look. */
const readLines = (path: string, from: number): { readonly lines: string[]; readonly end: number } => {
  if (!existsSync(path)) return { lines: [], end: from };
  const file = openSync(path, "r");
  try {
    const chunks: Buffer[] = [];
    for (let at = from; ; ) {
      const chunk = Buffer.alloc(CHUNK);
      const count = readSync(file, chunk, 0, CHUNK, at);
      if (count === 0) break;
      chunks.push(chunk.subarray(0, count));
      at += count;
    }
    const bytes = Buffer.concat(chunks);
    const whole = bytes.subarray(0, bytes.lastIndexOf("\n") + 1);
    return { lines: whole.toString("utf8").split("\n").slice(0, -1), end: from + whole.length };
  } finally {
    closeSync(file);
  }
};

const explainedIn = (line: string): ExplainedStatement | null =>
  explainedStatement((JSON.parse(line) as { readonly message?: string }).message ?? "");

/** Makes a server write what its sessions explain to `folder`, which it must be able to write to. */
export const planLog = (folder: string): PlanLog => {
  const path = join(folder, `${FILE}.json`);
  let [seen, marks] = [0, 0];
  return {
    settings: {
      logging_collector: "on",
      log_destination: "jsonlog",
      log_directory: folder,
      log_filename: `${FILE}.log`,
      log_file_mode: "0644",
      log_rotation_size: "0",
      log_rotation_age: "0",
    },
    take: async (mark) => {
      marks += 1;
      const text = `mark ${marks}`;
      await mark(text);
      const found: ExplainedStatement[] = [];
      for (let tries = 0; tries < LATE_AFTER; tries += 1) {
        const { lines, end } = readLines(path, seen);
        seen = end;
        found.push(...lines.map(explainedIn).filter((one) => one !== null));
        const last = found.findIndex((one) => one.text.includes(text));
        if (last !== -1) return found.slice(0, last);
        await pause(POLL_MS);
      }
      throw new AppError("DATABASE_TIMEOUT", "the server did not write its plans");
    },
  };
};

/** All executions of one statement. */
export type StatementFacts = {
  readonly name: string;
  readonly text: string;
  readonly pages: readonly string[];
  readonly runs: number;
  readonly topNodes: readonly string[];
  readonly indexes: readonly string[];
  /** Tables read whole with the most rows of one execution. */
  readonly wholeTables: ReadonlyMap<string, number>;
  readonly mostRows: number;
  readonly mostRawRows: number;
  readonly medianMs: number;
  readonly mostMs: number;
  readonly faults: readonly string[];
};

/** An execution with the page that sent it. */
export type Seen = ExplainedStatement & { readonly page: string };

const distinct = (list: readonly string[]): string[] => [...new Set(list)].sort();
const most = (list: readonly number[]): number => list.reduce((a, b) => Math.max(a, b), 0);

const largest = (all: readonly PlanFacts[]): ReadonlyMap<string, number> => {
  const tables = new Map<string, number>();
  for (const { wholeTables } of all)
    for (const [table, rows] of wholeTables) tables.set(table, Math.max(rows, tables.get(table) ?? 0));
  return tables;
};

/** Executions by their statement, the one that looks at most rows first. */
export const statementFacts = (seen: readonly Seen[], nameOf: (text: string) => string): StatementFacts[] =>
  [...Map.groupBy(seen, ({ text }) => text)]
    .map(([text, runs]) => {
      const facts = runs.map(({ plan }) => factsOfPlan(plan));
      const times = runs.map(({ ms }) => ms).sort((a, b) => a - b);
      return {
        name: nameOf(text),
        text,
        pages: distinct(runs.map(({ page }) => page)),
        runs: runs.length,
        topNodes: distinct(facts.map(({ topNode }) => topNode)),
        indexes: distinct(facts.flatMap(({ indexes }) => indexes)),
        wholeTables: largest(facts),
        mostRows: most(facts.map(({ rows }) => rows)),
        mostRawRows: most(facts.map(({ rawRows }) => rawRows)),
        medianMs: times[Math.floor(times.length / 2)] ?? 0,
        mostMs: times.at(-1) ?? 0,
        faults: distinct(facts.flatMap(({ faults }) => faults)),
      };
    })
    .sort((a, b) => b.mostRows - a.mostRows || (a.name < b.name ? -1 : 1));
