// Whole products side by side: Nines (probe role, recording into PostgreSQL) and Debian's prometheus-blackbox-exporter
// driven by Prometheus, against the same local target at the same rate, in turns. Prints CPU per check and how evenly the
// checks arrive. Run: node test/bench/probe-products.ts [--probes 100] [--rounds 3] [--seconds 15]
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { startTemporary } from "#db/embedded/temporary.ts";
import type { Instance } from "../support/instance.ts";
import { startInstance, temporaryFolder } from "../support/instance.ts";

const { values } = parseArgs({
  options: {
    probes: { type: "string", default: "100" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "15" },
  },
});
const PROBES = Number(values.probes);
const ROUNDS = Number(values.rounds);
const MEASURE_MS = Number(values.seconds) * 1_000;
const WARM_UP_MS = 6_000;
const TICK_US = 10_000;
const EXPORTER = "/usr/bin/prometheus-blackbox-exporter";
const PROMETHEUS = "/usr/bin/prometheus";

type Measured = {
  readonly cpuUsPerCheck: number;
  readonly withStorageUs: number;
  readonly checks: number;
  readonly gapErrorMsP99: number;
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

const statOf = (pid: number): string[] => {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
};

/** A process and everything below it. */
const treeOf = (root: number): number[] => {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      parents.set(Number(name), Number(statOf(Number(name))[1]));
    } catch {
      // Ended while we looked.
    }
  }
  const tree = [root];
  for (const pid of tree) tree.push(...[...parents].filter(([, parent]) => parent === pid).map(([child]) => child));
  return tree;
};

/** User and system time of process trees, ended children included, in microseconds. */
const cpuUsOf = (roots: readonly number[]): number =>
  roots.flatMap(treeOf).reduce((sum, pid) => {
    try {
      const stat = statOf(pid);
      return sum + [11, 12, 13, 14].reduce((ticks, field) => ticks + Number(stat[field]), 0) * TICK_US;
    } catch {
      return sum;
    }
  }, 0);

/** Answers 200 and notes when each probe's check arrived, by its path. */
const startTarget = async () => {
  const arrivals = new Map<string, number[]>();
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    const list = arrivals.get(path);
    if (list === undefined) arrivals.set(path, [performance.now()]);
    else list.push(performance.now());
    response.writeHead(200, { "content-type": "application/json" }).end('{"status":"ok"}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, arrivals, stop: () => server.close() };
};

const gapErrorP99 = (arrivals: ReadonlyMap<string, readonly number[]>): number => {
  const errors = [...arrivals.values()].flatMap((times) =>
    times.slice(1).map((at, i) => Math.abs(at - (times[i] as number) - 1_000)),
  );
  errors.sort((a, b) => a - b);
  return errors[Math.floor(errors.length * 0.99)] ?? Number.NaN;
};

const measure = async (
  target: Awaited<ReturnType<typeof startTarget>>,
  own: readonly number[],
  storage: readonly number[],
): Promise<Measured> => {
  await pause(WARM_UP_MS);
  target.arrivals.clear();
  const [ownBefore, storageBefore] = [cpuUsOf(own), cpuUsOf(storage)];
  await pause(MEASURE_MS);
  const checks = [...target.arrivals.values()].reduce((sum, times) => sum + times.length, 0);
  const ownUs = cpuUsOf(own) - ownBefore;
  const storageUs = cpuUsOf(storage) - storageBefore;
  return {
    checks,
    cpuUsPerCheck: ownUs / checks,
    withStorageUs: (ownUs + storageUs) / checks,
    gapErrorMsP99: gapErrorP99(target.arrivals),
  };
};

const ninesConfig = (port: number): string => `version: 1
egress: { allow: [127.0.0.1/32] }
locations: [{ id: here, name: Here }]
services:
  - id: bench
    name: Bench
    probes:
${Array.from({ length: PROBES }, (_, i) => `      - { id: probe-${i}, type: http, url: "http://127.0.0.1:${port}/nines/${i}", interval: 1s, locations: [here] }`).join("\n")}
`;

const runNines = async (target: Awaited<ReturnType<typeof startTarget>>): Promise<Measured> => {
  const folder = await temporaryFolder("bench");
  // As durable as a real one: the defaults of a temporary server are not.
  const postgres = await startTemporary({
    settings: { fsync: "on", synchronous_commit: "on", full_page_writes: "on" },
  });
  const env = {
    DATABASE_URL: postgres.server.url,
    LOG_LEVEL: "warn",
    NINES_SECRET_KEY: Buffer.alloc(32, 1).toString("base64"),
  };
  let rest: Instance | null = null;
  let prober: ChildProcess | null = null;
  try {
    rest = await startInstance({
      config: ninesConfig(target.port),
      dataDir: `${folder.path}/rest`,
      env,
      args: ["--role", "web,engine,deliver"],
    });
    // The probe role in an instance of its own, so that only it is measured.
    prober = spawn(
      process.execPath,
      ["bin/nines.mjs", "start", "--role", "probe", "--config", `${folder.path}/rest.yaml`],
      {
        env: { ...process.env, ...env, NINES_DATA_DIR: `${folder.path}/probe` },
        stdio: "ignore",
      },
    );
    return await measure(target, [prober.pid as number], [postgres.server.pid]);
  } finally {
    prober?.kill("SIGTERM");
    await rest?.stop();
    await postgres.stop();
    await folder.remove();
  }
};

const runBlackbox = async (target: Awaited<ReturnType<typeof startTarget>>): Promise<Measured> => {
  const folder = await temporaryFolder("blackbox");
  const ports = { exporter: 19_115, prometheus: 19_090 };
  await writeFile(
    `${folder.path}/blackbox.yml`,
    "modules:\n  http_2xx:\n    prober: http\n    timeout: 1s\n    http: { preferred_ip_protocol: ip4 }\n",
  );
  const targets = Array.from({ length: PROBES }, (_, i) => `"http://127.0.0.1:${target.port}/blackbox/${i}"`).join(
    ", ",
  );
  await writeFile(
    `${folder.path}/prometheus.yml`,
    `global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: bench
    metrics_path: /probe
    params: { module: [http_2xx] }
    static_configs: [{ targets: [${targets}] }]
    relabel_configs:
      - { source_labels: [__address__], target_label: __param_target }
      - { source_labels: [__param_target], target_label: instance }
      - { target_label: __address__, replacement: "127.0.0.1:${ports.exporter}" }
`,
  );
  const exporter = spawn(
    EXPORTER,
    [`--config.file=${folder.path}/blackbox.yml`, `--web.listen-address=127.0.0.1:${ports.exporter}`],
    { stdio: "ignore" },
  );
  const prometheus = spawn(
    PROMETHEUS,
    [
      `--config.file=${folder.path}/prometheus.yml`,
      `--storage.tsdb.path=${folder.path}/tsdb`,
      `--web.listen-address=127.0.0.1:${ports.prometheus}`,
    ],
    { stdio: "ignore" },
  );
  try {
    const measured = await measure(target, [exporter.pid as number, prometheus.pid as number], []);
    return measured;
  } finally {
    prometheus.kill("SIGKILL");
    exporter.kill("SIGKILL");
    await folder.remove();
  }
};

if (!existsSync(EXPORTER) || !existsSync(PROMETHEUS)) {
  process.stderr.write(
    "prometheus and prometheus-blackbox-exporter of Debian are needed: apt-get install prometheus prometheus-blackbox-exporter\n",
  );
  process.exitCode = 1;
} else {
  const target = await startTarget();
  const ours: Measured[] = [];
  const theirs: Measured[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await runNines(target));
    theirs.push(await runBlackbox(target));
  }
  target.stop();
  const row = (name: string, all: readonly Measured[]): string => {
    const of = (pick: (one: Measured) => number): number => median(all.map(pick));
    return `| ${name} | ${Math.round(of((one) => one.cpuUsPerCheck))} | ${Math.round(of((one) => one.withStorageUs))} | ${of((one) => one.gapErrorMsP99).toFixed(1)} | ${of((one) => one.checks)} |`;
  };
  const ratio = median(ours.map((one, i) => one.withStorageUs / (theirs[i] as Measured).withStorageUs));
  process.stdout.write(`machine: ${cpus()[0]?.model ?? "unknown"} x ${cpus().length}, node ${process.version}; ${PROBES} probes of 1 s, ${ROUNDS} rounds of ${MEASURE_MS / 1_000} s
| | CPU us per check | with storage | gap error p99 ms | checks seen |
|---|---|---|---|---|
${row("Nines, probe role, PostgreSQL", ours)}
${row("blackbox_exporter and Prometheus", theirs)}
ratio with storage, median of pairs: ${ratio.toFixed(2)}
`);
  process.exit(0);
}
