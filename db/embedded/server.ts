import type { ChildProcess } from "node:child_process";
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { dataFolderOf } from "./init-cluster.ts";
import type { Place } from "./place.ts";
import { isServerOf, readPostmaster } from "./postmaster.ts";
import { asUser, SERVER_ENVIRONMENT } from "./run-program.ts";

/** The part of a logger that is used here. */
export type EmbeddedLog = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
};

export type ServerProcess = {
  readonly pid: number;
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>;
  /** The last lines that it wrote. */
  readonly lastWords: () => string;
};

const POLL_MS = 10;
const FAST_STOP_MS = 6_000;
const IMMEDIATE_STOP_MS = 2_000;

/** Small, quick to start, and without what needs a large /dev/shm. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "200",
  shared_buffers: "64MB",
  max_wal_size: "512MB",
  max_parallel_workers_per_gather: "0",
  max_parallel_maintenance_workers: "0",
  huge_pages: "off",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  // Failed statements are told to whoever made them.
  log_min_messages: "log",
  log_checkpoints: "off",
  log_min_error_statement: "panic",
  log_line_prefix: "",
};

/** Linux only: ends the server when the process that started it dies, however it dies. */
const deathSignalWrapper = (): readonly string[] => {
  const program = ["/usr/bin/setpriv", "/bin/setpriv"].find((path) => existsSync(path));
  if (program === undefined) return [];
  const trial = spawnSync(program, ["--pdeathsig", "INT", "/bin/true"], { stdio: "ignore" });
  return trial.status === 0 ? [program, "--pdeathsig", "INT", "--"] : [];
};

/** Its start, its stop and the sessions that a stop ends are told by us. */
const isRemarkable = (line: string): boolean =>
  /^(FATAL|PANIC):|was terminated by signal|not properly shut down|No space left/.test(line) &&
  !/terminating connection due to|is (starting up|shutting down)/.test(line);

const relay = (child: ChildProcess, log: EmbeddedLog): (() => string) => {
  let tail = "";
  let partial = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    const text = chunk.toString("utf8");
    tail = (tail + text).slice(-2_000);
    const lines = (partial + text).split("\n");
    partial = lines.pop() ?? "";
    for (const line of lines) if (isRemarkable(line)) log.warn({ postgres: line }, "PostgreSQL reports");
  });
  child.stderr?.on("error", () => undefined);
  return () => tail.trim();
};

/** Starts the server of a place on a port of the loopback interface. Does not wait for it. */
export const spawnServer = (
  place: Place,
  args: { port: number; log: EmbeddedLog; settings: Readonly<Record<string, string>> },
): Promise<ServerProcess> =>
  new Promise((resolve, reject) => {
    const settings = Object.entries({ ...SETTINGS, ...args.settings, port: String(args.port) });
    const command = [
      ...deathSignalWrapper(),
      join(place.binaries.folder, "bin", "postgres"),
      ...["-D", dataFolderOf(place.home)],
      ...settings.flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ];
    // Detached, so that Ctrl-C reaches the supervisor only, which then stops everything in order.
    const child = spawn(command[0] as string, command.slice(1), {
      ...asUser(place),
      cwd: place.home,
      env: SERVER_ENVIRONMENT,
      stdio: ["ignore", "ignore", "pipe"],
      detached: process.platform !== "win32",
      windowsHide: true,
    });
    const lastWords = relay(child, args.log);
    const exited = new Promise<void>((done) => child.once("close", () => done()));
    child.once("error", reject);
    child.once("spawn", () => resolve({ pid: child.pid as number, exited, lastWords }));
  });

/** A server that runs already, seen from outside. */
export const watchServer = (pid: number, dataFolder: string): ServerProcess => {
  const watch = async (): Promise<void> => {
    while (await isServerOf(pid, dataFolder)) await pause(200, undefined, { ref: false });
  };
  return { pid, exited: watch(), lastWords: () => "" };
};

const endsWithin = async (exited: Promise<void>, ms: number): Promise<boolean> => {
  const late = new AbortController();
  const timer = pause(ms, false, { signal: late.signal }).catch(() => false);
  const isGone = await Promise.race([exited.then(() => true), timer]);
  late.abort();
  return isGone;
};

/** "ready", "ended" or, when `ms` have passed or the signal aborts, "late". */
export const waitUntilReady = async (
  server: ServerProcess,
  dataFolder: string,
  { ms, signal }: { ms: number; signal: AbortSignal | undefined },
): Promise<"ready" | "ended" | "late"> => {
  const state = { isOver: false };
  const ended = server.exited.then(() => "ended" as const);
  const look = async (): Promise<"ready"> => {
    for (;;) {
      const found = await readPostmaster(dataFolder);
      if (state.isOver || (found?.pid === server.pid && found.isReady)) return "ready";
      await pause(POLL_MS);
    }
  };
  const late = new AbortController();
  const given = signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]);
  const timer = pause(ms, "late" as const, { signal: given }).catch(() => "late" as const);
  const result = await Promise.race([look(), ended, timer]);
  state.isOver = true;
  late.abort();
  return result;
};

/** Ends the server: first in order (sessions cut, data written), then at once, then by force. Over within 10 s. */
export const stopServer = async ({ pid, exited }: ServerProcess): Promise<void> => {
  const steps: readonly (readonly [NodeJS.Signals, number])[] = [
    ["SIGINT", FAST_STOP_MS],
    ["SIGQUIT", IMMEDIATE_STOP_MS],
    ["SIGKILL", IMMEDIATE_STOP_MS],
  ];
  for (const [signal, ms] of steps) {
    if (await endsWithin(exited, 0)) return;
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    if (await endsWithin(exited, ms)) return;
  }
};
