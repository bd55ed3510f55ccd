import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Database } from "#db/database.ts";
import { openDatabase } from "#db/database.ts";
import { startTemporary } from "#db/embedded/temporary.ts";
import { migrate } from "#db/migrate.ts";
import { readIndexUse } from "#db/queries/bench-dashboards.ts";
import type { CommandContext, ExitCode } from "#lib/cli/command.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import type { FromRole, RoleSettings } from "#lib/cli/roles/role.ts";
import { buildPagesWhenNeeded } from "#lib/cli/start/next-build.ts";
import { consumeSignInLink, createSignInLink } from "#lib/commands/sign-in.ts";
import { processEnvironment } from "#lib/config/env.ts";
import { AppError } from "#lib/core/errors.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { SLOS, seedDashboards } from "./dashboards-seed.ts";
import { fetchOnce } from "./fetch-once.ts";
import { treeCpuUs } from "./process-cpu.ts";

const root = join(fileURLToPath(import.meta.url), "..", "..", "..", "..");
const GOAL_MS = 100;
const GOAL_BYTES = 300_000;
const WARM_UP = 20;
const DEFAULT_ROUNDS = 60;

export type PageFigures = {
  readonly page: string;
  readonly medianMs: number;
  readonly p95Ms: number;
  /** Processor time a page: of the web role, and of PostgreSQL. Null where /proc does not tell. */
  readonly cpuMs: number | null;
  readonly postgresMs: number | null;
  /** Compressed bytes of the document with its scripts and style sheets. */
  readonly firstLoadBytes: number;
};

/** Pages as templates: `{n}` is another SLO in each round, so that nothing is answered from what was kept. */
const PAGES = [
  "/admin/slos",
  "/admin/slos?group=team&state=met",
  "/admin/slos?group=service&page=5",
  "/admin/slos/slo-{n}",
  "/admin/slos/slo-{n}?spent=2026-10",
] as const;

const startWeb = async (
  databaseUrl: string,
  dataDir: string,
): Promise<{ port: number; pid: number; stop: () => Promise<void> }> => {
  const child = fork(join(root, "lib", "cli", "roles", "main.ts"), {
    cwd: root,
    env: { ...processEnvironment(), NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const settings: RoleSettings = {
    ...{ role: "web", instanceId: "bench", databaseUrl, dataDir, configPath: "", host: "127.0.0.1", port: 0 },
    ...{ logLevel: "error", isDemo: false, isProduction: true, secretKey: Buffer.alloc(32).toString("base64") },
  };
  child.send({ kind: "settings", settings });
  const [message] = (await once(child, "message")) as [FromRole];
  if (message.kind !== "ready" || message.port === null)
    throw new AppError("ROLE_CRASHED", "the web role did not start");
  return {
    port: message.port,
    pid: child.pid ?? 0,
    stop: async () => {
      const ended = once(child, "exit");
      child.send({ kind: "stop" });
      await ended;
    },
  };
};

const signedIn = async (database: Database): Promise<string> => {
  const now = systemClock.now();
  const { token } = await createSignInLink(database, { now, actor: "bench", randomBytes });
  const session = await consumeSignInLink(database, { token, now, randomBytes, userAgent: "bench" });
  return `cookie: nines_session=${session.token}`;
};

/** Scripts and style sheets that a document names. */
const partsOf = (html: string): string[] => [
  ...new Set([...html.matchAll(/(?:src|href)="(\/_next\/[^"]+\.(?:js|css)[^"]*)"/g)].map((match) => match[1] ?? "")),
];

const firstLoad = async (port: number, path: string, cookie: string): Promise<number> => {
  const headers = [cookie, "accept: text/html"];
  const { body } = await fetchOnce({ port, path, headers });
  const parts = await Promise.all(
    partsOf(body.toString("utf8")).map(async (part) => (await fetchOnce({ port, path: part, headers })).body),
  );
  return [body, ...parts].reduce((sum, bytes) => sum + gzipSync(bytes).length, 0);
};

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

type Ground = {
  readonly port: number;
  readonly webPid: number;
  readonly postgresPid: number;
  readonly cookie: string;
  readonly rounds: number;
};

const measurePage = async (page: string, ground: Ground): Promise<PageFigures> => {
  const { port, webPid, postgresPid, cookie, rounds } = ground;
  const times: number[] = [];
  let before: readonly (number | null)[] = [];
  const cpu = (): readonly (number | null)[] => [treeCpuUs(webPid), treeCpuUs(postgresPid)];
  for (let round = -WARM_UP; round < rounds; round += 1) {
    if (round === 0) before = cpu();
    const path = page.replace("{n}", String(((round + WARM_UP) * 37) % SLOS));
    const began = performance.now();
    const { status } = await fetchOnce({ port, path, headers: [cookie, "accept: text/html"] });
    if (status !== 200) throw new AppError("ROLE_CRASHED", `${path} answered ${status}`);
    if (round >= 0) times.push(performance.now() - began);
  }
  const [web = null, postgres = null] = cpu().map((us, index) => {
    const was = before[index] ?? null;
    return us === null || was === null ? null : (us - was) / 1_000 / rounds;
  });
  times.sort((a, b) => a - b);
  const bytes = await firstLoad(port, page.replace("{n}", "7"), cookie);
  return {
    page,
    medianMs: at(times, 0.5),
    p95Ms: at(times, 0.95),
    cpuMs: web,
    postgresMs: postgres,
    firstLoadBytes: bytes,
  };
};

const round = (value: number): number => Math.round(value * 10) / 10;

const tableOf = (figures: readonly PageFigures[]): string =>
  [
    "| page | median ms | p95 ms | CPU ms, web + PostgreSQL | first load kB |",
    "|---|---|---|---|---|",
    ...figures.map(({ page, medianMs, p95Ms, cpuMs, postgresMs, firstLoadBytes }) => {
      const cpu = `${cpuMs === null ? "?" : round(cpuMs)} + ${postgresMs === null ? "?" : round(postgresMs)}`;
      return `| ${page} | ${round(medianMs)} | ${round(p95Ms)} | ${cpu} | ${round(firstLoadBytes / 1_000)} |`;
    }),
    "",
  ].join("\n");

/**
 * Measures the dashboards of a large organisation: server time of each page from request to last byte, one at a time, and
 * its first load; then says which tables were read whole. The database is a temporary one.
 */
export const runDashboardsBench = async (context: CommandContext): Promise<ExitCode> => {
  const { values } = readOptions(context.args, { options: { rounds: { type: "string" }, json: { type: "boolean" } } });
  const rounds = Number(values.rounds ?? DEFAULT_ROUNDS);
  if (!Number.isInteger(rounds) || rounds < 1) throw new AppError("USAGE", "--rounds must be a whole number from 1");
  const out = new PassThrough();
  out.resume();
  await buildPagesWhenNeeded({ root, env: processEnvironment(), out, signal: context.signal });
  const cluster = await startTemporary();
  const dataDir = await mkdtemp(join(tmpdir(), "nines-bench-dashboards-"));
  const database = openDatabase({ url: cluster.server.url, applicationName: "bench" });
  try {
    await migrate({ url: cluster.server.url });
    await seedDashboards(database);
    const cookie = await signedIn(database);
    const web = await startWeb(cluster.server.url, dataDir);
    const figures: PageFigures[] = [];
    const ground = { port: web.port, webPid: web.pid, postgresPid: cluster.server.pid, cookie, rounds };
    for (const page of PAGES) figures.push(await measurePage(page, ground));
    await web.stop();
    const tables = await database.read((db) => readIndexUse(db));
    const isMet = figures.every(({ p95Ms, firstLoadBytes }) => p95Ms <= GOAL_MS && firstLoadBytes <= GOAL_BYTES);
    const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version };
    if (values.json === true) {
      context.stdout.write(`${JSON.stringify({ bench: "dashboards", machine, figures, tables, isMet })}\n`);
    } else {
      const runs = tables.filter(({ table }) => table.startsWith("runs"));
      const read = runs.reduce((sum, { seqScans, indexScans }) => sum + seqScans + indexScans, 0);
      context.stdout.write(
        `machine: ${machine.cpu} x ${machine.cores}, node ${machine.node}\n${tableOf(figures)}raw runs were read ${read} times; goals of ${GOAL_MS} ms and ${GOAL_BYTES / 1_000} kB: ${isMet ? "met" : "missed"}\n`,
      );
    }
    return isMet ? 0 : 1;
  } finally {
    await database.close();
    await cluster.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
};
