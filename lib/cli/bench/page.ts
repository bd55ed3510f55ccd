import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { CommandContext, ExitCode } from "#lib/cli/command.ts";
import { AppError } from "#lib/core/errors.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { fetchOnce } from "./fetch-once.ts";
import { runLoad } from "./load.ts";
import type { BenchServer } from "./page/children.ts";
import { recordAnswers as recordPaths, startBenchServer } from "./page/children.ts";
import { benchDynamic } from "./page/dynamic.ts";
import { benchNginx } from "./page/nginx.ts";
import type { OtherResult } from "./page/others.ts";
import { describeOther } from "./page/others.ts";
import type { PlainAnswer } from "./page/server.ts";
import { benchSnapshot } from "./page/snapshot.ts";

type Case = { readonly name: string; readonly path: string; readonly headers: readonly string[] };
type Round = { readonly perSecond: number; readonly cpuUs: number; readonly p99Ms: number };

const CONNECTIONS = 32;
const GOAL_RATIO = 1.5;

const measure = async (server: BenchServer, { path, headers }: Case, requests: number): Promise<Round> => {
  const before = await server.cpuUs();
  const load = await runLoad({ port: server.port, path, headers, connections: CONNECTIONS, requests });
  const cpuUs = ((await server.cpuUs()) - before) / load.requests;
  const wrong = Object.keys(load.statuses).filter((status) => status !== "200" && status !== "304");
  if (wrong.length > 0) throw new AppError("INTERNAL", `${path} answered ${wrong.join(", ")} under load`);
  return { perSecond: load.requests / load.seconds, cpuUs, p99Ms: load.latencyMsP99 };
};

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** What the plain server has to send: the very bytes and heads of the real one. */
const recordAnswers = async (
  port: number,
  headers: readonly string[],
): Promise<{ cases: Case[]; answers: PlainAnswer[] }> => {
  const page = await fetchOnce({ port, path: "/", headers });
  const etag = page.headers[page.headers.findIndex((name) => name.toLowerCase() === "etag") + 1] ?? "";
  return {
    cases: [
      { name: "page, gzip", path: "/", headers },
      { name: "page, 304", path: "/", headers: [...headers, `If-None-Match: ${etag}`] },
      { name: "summary.json, gzip", path: "/api/v2/summary.json", headers },
    ],
    answers: await recordPaths(port, ["/", "/api/v2/summary.json"], headers),
  };
};

const report = (
  context: CommandContext,
  rows: readonly { name: string; ours: Round[]; plain: Round[] }[],
  { isJson, others }: { isJson: boolean; others: readonly OtherResult[] },
): ExitCode => {
  const results = rows.map(({ name, ours, plain }) => {
    const ratios = ours.map((round, index) => round.cpuUs / (plain[index] as Round).cpuUs);
    return {
      name,
      requestsPerSecond: Math.round(median(ours.map((round) => round.perSecond))),
      plainRequestsPerSecond: Math.round(median(plain.map((round) => round.perSecond))),
      cpuUsPerRequest: Math.round(median(ours.map((round) => round.cpuUs)) * 10) / 10,
      plainCpuUsPerRequest: Math.round(median(plain.map((round) => round.cpuUs)) * 10) / 10,
      cpuRatio: Math.round(median(ratios) * 100) / 100,
      p99Ms: Math.round(median(ours.map((round) => round.p99Ms)) * 100) / 100,
      plainP99Ms: Math.round(median(plain.map((round) => round.p99Ms)) * 100) / 100,
    };
  });
  const machine = {
    node: process.version,
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform}-${process.arch}`,
  };
  const isWithinGoal = results.every(({ cpuRatio }) => cpuRatio <= GOAL_RATIO);
  if (isJson) {
    context.stdout.write(
      `${JSON.stringify({ bench: "page", machine, connections: CONNECTIONS, results, others, goalRatio: GOAL_RATIO, isWithinGoal })}\n`,
    );
    return isWithinGoal ? 0 : 1;
  }
  context.stdout.write(
    `machine: ${machine.cpu} x ${machine.cores}, ${machine.memoryGb} GB, ${machine.platform}, node ${machine.node}\n`,
  );
  context.stdout.write(
    "| answer | requests/s | plain Node | CPU us | plain Node | CPU ratio | p99 ms | plain Node |\n|---|---|---|---|---|---|---|---|\n",
  );
  for (const row of results) {
    context.stdout.write(
      `| ${row.name} | ${row.requestsPerSecond} | ${row.plainRequestsPerSecond} | ${row.cpuUsPerRequest} | ${row.plainCpuUsPerRequest} | ${row.cpuRatio} | ${row.p99Ms} | ${row.plainP99Ms} |\n`,
    );
  }
  for (const other of others) context.stdout.write(`${describeOther(other)}\n`);
  context.stdout.write(`goal: CPU ratio at most ${GOAL_RATIO}: ${isWithinGoal ? "met" : "missed"}\n`);
  return isWithinGoal ? 0 : 1;
};

const takeTurns = async (args: {
  ours: BenchServer;
  plain: BenchServer;
  cases: readonly Case[];
  rounds: number;
  requests: number;
  context: CommandContext;
}) => {
  const { ours, plain, cases, rounds, requests, context } = args;
  const rows = cases.map(({ name }) => ({ name, ours: [] as Round[], plain: [] as Round[] }));
  // Round 0 warms both up and is not counted.
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, one] of cases.entries()) {
      if (context.signal.aborted) return rows;
      const a = await measure(ours, one, requests);
      const b = await measure(plain, one, requests);
      if (round === 0) continue;
      rows[index]?.ours.push(a);
      rows[index]?.plain.push(b);
    }
  }
  return rows;
};

/** @throws AppError USAGE */
const readOptions = (args: readonly string[]): { rounds: number; requests: number; isJson: boolean } => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        rounds: { type: "string", default: "5" },
        requests: { type: "string", default: "20000" },
        json: { type: "boolean", default: false },
      },
    });
    const rounds = Number(values.rounds);
    const requests = Number(values.requests);
    if (Number.isInteger(rounds) && rounds >= 1 && Number.isInteger(requests) && requests >= CONNECTIONS) {
      return { rounds, requests, isJson: values.json };
    }
  } catch (error) {
    throw new AppError("USAGE", (error as Error).message, { cause: error });
  }
  throw new AppError("USAGE", `--rounds takes 1 or more, --requests ${CONNECTIONS} or more`);
};

/**
 * `nines bench page [--rounds 5] [--requests 20000] [--json]`: the page, its 304 and summary.json through the real web
 * role without a database, in turns (A B A B …) with a plain Node server of the same bytes. Exit 1 when the goal is missed.
 */
export const runPageBench = async (context: CommandContext): Promise<ExitCode> => {
  const { rounds, requests, isJson } = readOptions(context.args);
  const dataDir = await mkdtemp(join(tmpdir(), "nines-bench-"));
  const running: BenchServer[] = [];
  try {
    await mkdir(join(dataDir, "page-cache"), { recursive: true });
    await writeFile(join(dataDir, "page-cache", "snapshot.json"), JSON.stringify(benchSnapshot(systemClock.now())));
    const ours = await startBenchServer({ kind: "real", dataDir });
    running.push(ours);
    const { cases, answers } = await recordAnswers(ours.port, ["Accept-Encoding: gzip", "Accept-Language: en"]);
    const plain = await startBenchServer({ kind: "plain", answers });
    running.push(plain);
    const rows = await takeTurns({ ours, plain, cases, rounds, requests, context });
    const counted = rows.filter((row) => row.ours.length > 0);
    const page = answers[0] as PlainAnswer;
    const others = [
      await benchDynamic({ dataDir, ours, headers: cases[0]?.headers ?? [], rounds }),
      await benchNginx({ dataDir, page, ours, headers: cases[0]?.headers ?? [], rounds, requests }),
    ];
    return report(context, counted, { isJson, others });
  } finally {
    for (const server of running) server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
};
