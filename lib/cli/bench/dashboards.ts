import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import type { Database } from "#db/database.ts";
import { openDatabase } from "#db/database.ts";
import { countRawRuns, markLog } from "#db/queries/bench-dashboards.ts";
import { restoreServices, retireServices } from "#db/queries/bench-dashboards-desk.ts";
import type { CommandContext, ExitCode } from "#lib/cli/command.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { buildPagesWhenNeeded } from "#lib/cli/start/next-build.ts";
import { PROJECT_ROOT } from "#lib/cli/start/project-root.ts";
import { processEnvironment } from "#lib/config/env.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { countOption } from "./count-option.ts";
import type { BenchDatabase } from "./dashboards/ground.ts";
import { openBenchDatabase } from "./dashboards/ground.ts";
import type { Look } from "./dashboards/looks.ts";
import { looksOf } from "./dashboards/looks.ts";
import { statementNames } from "./dashboards/name-statements.ts";
import { explainingUrl } from "./dashboards/plan-facts.ts";
import type { StatementFacts } from "./dashboards/plans.ts";
import { statementFacts } from "./dashboards/plans.ts";
import { GOAL_BYTES, GOAL_MS, isOver, pageTable, plansDocument } from "./dashboards/report.ts";
import { FULL_SIZE } from "./dashboards/seed.ts";
import type { Captured, Ground, PageFigures } from "./dashboards/visit.ts";
import { capturePlans, measureLook } from "./dashboards/visit.ts";
import { residentMb, signedIn, startWeb } from "./dashboards/web.ts";

const DEFAULT_ROUNDS = 40;
const TURNS = 8;
const FEW_TURNS = 3;
/** How many services are left for the second look at how many statements a page sends; addresses of round 0 are about these. */
const FEW_SERVICES = 20;
const SLOS_A_SERVICE = FULL_SIZE.slos / FULL_SIZE.services;
const IDLE_MS = 3_000;
const DOCUMENT = join("docs", "query-plans.md");

type Timed = { readonly figures: readonly PageFigures[]; readonly residentMb: readonly (number | null)[] };

const groundOf = (bench: BenchDatabase, web: { port: number; pid: number }, cookie: string): Ground => ({
  past: bench.past,
  port: web.port,
  webPid: web.pid,
  postgresPid: bench.pid,
  cookie,
});

/** Server times of a web role that explains nothing, and its memory before, at half of the pages, and after. */
const timePages = async (bench: BenchDatabase, looks: readonly Look[], rounds: number): Promise<Timed> => {
  const web = await startWeb(bench.url, bench.dataDir);
  const ground = groundOf(bench, web, await signedIn(bench.database));
  await measureLook({ page: "/admin/settings", address: "/admin/settings" }, ground, 1);
  const resident = [residentMb(web.pid)];
  const figures: PageFigures[] = [];
  for (const look of looks) {
    figures.push(await measureLook(look, ground, rounds));
    if (figures.length === Math.ceil(looks.length / 2)) resident.push(residentMb(web.pid));
  }
  resident.push(residentMb(web.pid));
  await web.stop();
  return { figures, residentMb: resident };
};

type Explained = Captured & {
  /** Addresses with how many statements they send for few services and for all, where that differs. */
  readonly growing: readonly string[];
};

/** Every statement of every page with its plan, then how many each page sends when there are few services. */
const explainPages = async (bench: BenchDatabase, looks: readonly Look[], explaining: Database): Promise<Explained> => {
  const { database, log } = bench;
  const web = await startWeb(explainingUrl(bench.url), bench.dataDir);
  const ground = groundOf(bench, web, await signedIn(database));
  const take = () => log.take((text) => explaining.read((db) => markLog(db, text)));
  try {
    await take();
    await pause(IDLE_MS);
    const idle = new Set((await take()).map(({ text }) => text));
    const ask = { log, explaining, idle };
    await database.transaction((tx) => retireServices(tx, { kept: FEW_SERVICES, now: systemClock.now() }));
    const past = { ...bench.past, size: { ...bench.past.size, services: FEW_SERVICES, slos: FEW_SERVICES } };
    const few = await capturePlans(looks, { ...ground, past }, { ...ask, turns: FEW_TURNS });
    await database.transaction(restoreServices);
    const all = await capturePlans(looks, ground, { ...ask, turns: TURNS });
    const growing = [...all.perLook].flatMap(([address, count]) => {
      const other = few.perLook.get(address) ?? 0;
      return count > other ? [`${address}: ${other} statements with ${FEW_SERVICES} services, ${count} with all`] : [];
    });
    return { ...all, growing };
  } finally {
    await database.transaction(restoreServices);
    await web.stop();
  }
};

type Outcome = {
  readonly timed: Timed | null;
  readonly explained: Explained;
  readonly statements: readonly StatementFacts[];
};

const faultsOf = ({ timed, explained, statements }: Outcome): string[] => [
  ...(timed?.figures ?? [])
    .filter(isOver)
    .map(({ address }) => `${address} is over ${GOAL_MS} ms (p95) or ${GOAL_BYTES / 1_000} kB`),
  ...explained.growing,
  ...statements.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`)),
];

const textOf = (outcome: Outcome, faults: readonly string[]): string => {
  const { timed, explained, statements } = outcome;
  const raw = statements.reduce((most, { mostRawRows }) => Math.max(most, mostRawRows), 0);
  const memory =
    timed === null ? "" : `memory of the web role: ${timed.residentMb.map((mb) => mb ?? "?").join(" MB, then ")} MB\n`;
  return [
    `machine: ${cpus()[0]?.model ?? "unknown"} x ${cpus().length}, node ${process.version}\n`,
    timed === null ? "" : pageTable(timed.figures, explained.perLook),
    memory,
    `${statements.length} statements in ${explained.seen.length} executions; the most raw runs that one read: ${raw}\n`,
    faults.length === 0 ? "all goals met\n" : `${faults.map((fault) => `missed: ${fault}\n`).join("")}`,
  ].join("");
};

const writePlans = async (bench: BenchDatabase, looks: readonly Look[], statements: readonly StatementFacts[]) => {
  const runs = await bench.database.read((db) => countRawRuns(db));
  const pages = new Set(looks.map(({ page }) => page)).size;
  await writeFile(
    join(PROJECT_ROOT, DOCUMENT),
    plansDocument(statements, { size: bench.past.size, runs, pages, addresses: looks.length }),
  );
};

const judge = async (
  context: CommandContext,
  bench: BenchDatabase,
  args: { rounds: number; isPlans: boolean; isJson: boolean },
) => {
  const looks = looksOf(PROJECT_ROOT);
  const explaining = openDatabase({ url: explainingUrl(bench.url), applicationName: "bench-marks", maxConnections: 1 });
  try {
    const timed = args.isPlans ? null : await timePages(bench, looks, args.rounds);
    const explained = await explainPages(bench, looks, explaining);
    const statements = statementFacts(explained.seen, statementNames(join(PROJECT_ROOT, "db", "queries")));
    const outcome = { timed, explained, statements };
    const faults = faultsOf(outcome);
    if (args.isPlans) await writePlans(bench, looks, statements);
    const told = {
      bench: "dashboards",
      ...timed,
      queries: Object.fromEntries(explained.perLook),
      statements: statements.map(({ wholeTables, text: _, ...rest }) => ({
        ...rest,
        wholeTables: Object.fromEntries(wholeTables),
      })),
      faults,
      isMet: faults.length === 0,
    };
    context.stdout.write(args.isJson ? `${JSON.stringify(told)}\n` : textOf(outcome, faults));
    return faults.length === 0;
  } finally {
    await explaining.close();
  }
};

/**
 * Measures every page of the dashboards of a large organisation, one request at a time: server time from request to last
 * byte, first load, statements; and how PostgreSQL ran each statement. `--plans` writes docs/query-plans.md instead of
 * measuring times. `--data` keeps the database in a folder for the next time.
 */
export const runDashboardsBench = async (context: CommandContext): Promise<ExitCode> => {
  const { values } = readOptions(context.args, {
    options: {
      ...{ rounds: { type: "string" }, data: { type: "string" } },
      ...{ services: { type: "string" }, days: { type: "string" } },
      ...{ json: { type: "boolean" }, plans: { type: "boolean" } },
    },
  });
  const rounds = countOption("rounds", values.rounds, { fallback: DEFAULT_ROUNDS, most: 10_000 });
  const services = countOption("services", values.services, { fallback: FULL_SIZE.services, most: 10_000 });
  const days = countOption("days", values.days, { fallback: FULL_SIZE.days, most: 400 });
  const size = { services, slos: Math.round(services * SLOS_A_SERVICE), days };
  const out = new PassThrough();
  out.resume();
  await buildPagesWhenNeeded({ root: PROJECT_ROOT, env: processEnvironment(), out, signal: context.signal });
  const bench = await openBenchDatabase(values.data, { now: systemClock.now(), size });
  try {
    const args = { rounds, isPlans: values.plans === true, isJson: values.json === true };
    return (await judge(context, bench, args)) ? 0 : 1;
  } finally {
    await bench.stop();
  }
};
