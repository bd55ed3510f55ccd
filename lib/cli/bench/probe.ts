import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
// eslint-disable-next-line no-restricted-imports -- the yardstick: a bare loop against our own child on loopback.
import { request as bareRequest } from "node:http";
// eslint-disable-next-line no-restricted-imports -- the same over TLS.
import { request as bareTlsRequest, Agent as TlsAgent } from "node:https";
import { cpus } from "node:os";
// eslint-disable-next-line no-restricted-imports -- trust settings for the yardstick.
import { createSecureContext } from "node:tls";
import { fileURLToPath } from "node:url";
import type { CommandContext, ExitCode } from "#lib/cli/command.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { DEFAULT_STATUS_ASSERTION } from "#lib/core/assertions.ts";
import type { Assertion } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import { DEFAULT_CAPS } from "#lib/egress/types.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { HttpTarget } from "#probes/checks/http.ts";
import { checkHttp } from "#probes/checks/http.ts";
import { countOption } from "./count-option.ts";
import type { TargetPorts } from "./probe-target.ts";
import { missingPrograms } from "./products/blackbox.ts";
import type { ProductsRow } from "./products.ts";
import { ALL_CELLS, compareProducts, PRODUCTS_HEAD, productsLines, QUICK_CELLS } from "./products.ts";

type Once = () => Promise<void>;
type Contest = { readonly name: string; readonly goalPerSecond: number; readonly ours: Once; readonly bare: Once };
type Figures = { readonly cpuUs: number; readonly perSecond: number };

const CONCURRENCY = 8;

const fixturePath = (name: string): string =>
  fileURLToPath(new URL(`../../../test/fixtures/tls/${name}`, import.meta.url));

const startTarget = (withTls: boolean): Promise<{ ports: TargetPorts; stop: () => void }> =>
  new Promise((resolve, reject) => {
    const files = withTls ? [fixturePath("good.pem"), fixturePath("good.key.pem")] : [];
    const child = fork(fileURLToPath(new URL("./probe-target.ts", import.meta.url)), files, {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    child.once("message", (ports: TargetPorts) => resolve({ ports, stop: () => child.kill() }));
    child.once("exit", () => reject(new AppError("ROLE_CRASHED", "the target of the bench ended")));
  });

const ASSERTIONS: readonly Assertion[] = [
  DEFAULT_STATUS_ASSERTION,
  { type: "json_path", path: "$.status", op: "eq", value: "ok" },
];

const ourCheck = (url: string, caPem: string | null, assertions: readonly Assertion[]): Once => {
  const target: HttpTarget = {
    url,
    method: "GET",
    headers: {},
    body: null,
    timeoutMs: 10_000,
    connectTimeoutMs: null,
    maxRedirects: 10,
    caps: DEFAULT_CAPS,
    assertions,
    allow: ["127.0.0.1/32"],
    caPem,
  };
  const deps = { clock: systemClock, randomBytes, userAgent: "Nines/bench", signal: new AbortController().signal };
  return async () => {
    const { outcome } = await checkHttp(target, deps);
    if (outcome.class !== "ok")
      throw new AppError("INTERNAL", `a check ended as ${outcome.class} ${outcome.detail ?? ""}`);
  };
};

/** The least that a check with node:http can be: a fresh connection, the answer read, no phases, no caps, no judging. */
const bareCheck = (url: string, caPem: string | null): Once => {
  const agent = new TlsAgent({ keepAlive: false, maxCachedSessions: 0 });
  const secureContext = caPem === null ? undefined : createSecureContext({ ca: caPem });
  return () =>
    new Promise((resolve, reject) => {
      const request =
        caPem === null
          ? bareRequest(url, { agent: false })
          : bareTlsRequest(url, { agent, ...(secureContext === undefined ? {} : { secureContext }) });
      request.on("response", (response) => response.resume().on("end", resolve));
      request.on("error", reject);
      request.end();
    });
};

const contestsFor = (ports: TargetPorts): readonly Contest[] => {
  const http = `http://127.0.0.1:${ports.http}/`;
  const plain: Contest = {
    name: "http, status",
    goalPerSecond: 2_000,
    ours: ourCheck(http, null, [DEFAULT_STATUS_ASSERTION]),
    bare: bareCheck(http, null),
  };
  const json: Contest = { ...plain, name: "http, status and JSON path", ours: ourCheck(http, null, ASSERTIONS) };
  if (ports.https === null) return [plain, json];
  const https = `https://127.0.0.1:${ports.https}/`;
  const ca = readFileSync(fixturePath("ca.pem"), "utf8");
  const tls = {
    name: "https, status",
    goalPerSecond: 450,
    ours: ourCheck(https, ca, [DEFAULT_STATUS_ASSERTION]),
    bare: bareCheck(https, ca),
  };
  return [plain, json, tls];
};

/** Runs `once` so many times, some at a time, and counts the CPU time of this process alone. */
const measure = async (once: Once, checks: number): Promise<Figures> => {
  let left = checks;
  const before = process.cpuUsage();
  const startedMs = performance.now();
  const worker = async (): Promise<void> => {
    while (left-- > 0) await once();
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  const { user, system } = process.cpuUsage(before);
  return { cpuUs: (user + system) / checks, perSecond: (checks * 1_000) / (performance.now() - startedMs) };
};

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const runContest = async (
  { name, goalPerSecond, ours, bare }: Contest,
  rounds: number,
  checks: number,
  signal: AbortSignal,
) => {
  const pairs: { ours: Figures; bare: Figures }[] = [];
  // Round 0 warms both up and is not counted.
  for (let round = 0; round <= rounds && !signal.aborted; round += 1) {
    const pair = { ours: await measure(ours, checks), bare: await measure(bare, checks) };
    if (round > 0) pairs.push(pair);
  }
  const cpuUs = median(pairs.map((pair) => pair.ours.cpuUs));
  const perCore = cpuUs === 0 ? 0 : Math.round(1_000_000 / cpuUs);
  return {
    name,
    cpuUsPerCheck: Math.round(cpuUs),
    bareCpuUsPerCheck: Math.round(median(pairs.map((pair) => pair.bare.cpuUs))),
    cpuRatio: Math.round(median(pairs.map((pair) => pair.ours.cpuUs / pair.bare.cpuUs)) * 100) / 100,
    checksPerSecondOnOneCore: perCore,
    checksPerSecondSeen: Math.round(median(pairs.map((pair) => pair.ours.perSecond))),
    goalPerSecond,
    isWithinGoal: perCore >= goalPerSecond,
  };
};

type Row = Awaited<ReturnType<typeof runContest>>;

const tableOf = (rows: readonly Row[]): string => {
  const lines = rows.map(
    (row) =>
      `| ${row.name} | ${row.cpuUsPerCheck} | ${row.bareCpuUsPerCheck} | ${row.cpuRatio} | ${row.checksPerSecondOnOneCore} | ${row.checksPerSecondSeen} | ${row.goalPerSecond}: ${row.isWithinGoal ? "met" : "missed"} |`,
  );
  const head =
    "| check | CPU us | bare node | ratio | checks/s on one core | checks/s seen | goal |\n|---|---|---|---|---|---|---|";
  return `${head}\n${lines.join("\n")}\n`;
};

const TLS_FILES = {
  certPath: fixturePath("good.pem"),
  keyPath: fixturePath("good.key.pem"),
  caPath: fixturePath("ca.pem"),
};

/** The whole products, where the other one is installed; else what is missing, in words. */
const runProducts = async (
  { stdout, env, signal }: CommandContext,
  { isQuick, isJson }: { isQuick: boolean; isJson: boolean },
): Promise<readonly ProductsRow[] | string> => {
  const missing = existsSync(TLS_FILES.keyPath) ? missingPrograms() : "the certificates of the tests are not here";
  if (missing !== null) {
    if (!isJson) stdout.write(`\nwhole products: left out, ${missing}\n`);
    return missing;
  }
  if (!isJson)
    stdout.write(
      `\nwhole products, probes of 1 s in turns${isQuick ? "" : " (about five minutes; --quick: one)"}\n${PRODUCTS_HEAD}`,
    );
  const onRow = (row: ProductsRow): void => {
    if (!isJson) stdout.write(productsLines(row));
  };
  return compareProducts({ cells: isQuick ? QUICK_CELLS : ALL_CELLS, tls: TLS_FILES, env, signal, onRow });
};

/** One check at a time beside the barest loop. */
const runChecks = async (rounds: number, checks: number, signal: AbortSignal): Promise<readonly Row[]> => {
  const target = await startTarget(existsSync(TLS_FILES.keyPath));
  try {
    const rows: Row[] = [];
    for (const contest of contestsFor(target.ports)) rows.push(await runContest(contest, rounds, checks, signal));
    return rows;
  } finally {
    target.stop();
  }
};

/**
 * Measures what one of our checks costs beside the barest loop that node:http allows, in turns against a target in a
 * process of its own: CPU microseconds a check, the ratio of pairs, and how many checks one core can do. Then the whole
 * product beside another one, where that is installed.
 */
export const runProbeBench = async (context: CommandContext): Promise<ExitCode> => {
  const { values } = readOptions(context.args, {
    options: {
      rounds: { type: "string" },
      checks: { type: "string" },
      products: { type: "boolean" },
      quick: { type: "boolean" },
      json: { type: "boolean" },
    },
  });
  const rounds = countOption("rounds", values.rounds, { fallback: 5 });
  const checks = countOption("checks", values.checks, { fallback: values.quick === true ? 500 : 2_000 });
  const isJson = values.json === true;
  const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version };
  if (!isJson) context.stdout.write(`machine: ${machine.cpu} x ${machine.cores}, node ${machine.node}\n`);
  const rows = values.products === true ? [] : await runChecks(rounds, checks, context.signal);
  if (!isJson && rows.length > 0) context.stdout.write(`${rounds} pairs of ${checks}\n${tableOf(rows)}`);
  const products = await runProducts(context, { isQuick: values.quick === true, isJson });
  if (isJson)
    context.stdout.write(`${JSON.stringify({ bench: "probe", machine, rounds, checks, results: rows, products })}\n`);
  return rows.every(({ isWithinGoal }) => isWithinGoal) ? 0 : 1;
};
