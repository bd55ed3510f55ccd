import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RoleName } from "#lib/cli/roles/role.ts";
import { cleanEnvironment, ROOT } from "../../support/instance.ts";
import { waitFor } from "../../support/wait-for.ts";

/** One line of the log of the service, with when it was read. */
export type LogLine = { readonly readAtMs: number; readonly level: string; readonly message: string } & Readonly<
  Record<string, unknown>
>;

export type Service = {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly log: () => readonly LogLine[];
  /** Processes that a role has had so far, the newest last. */
  readonly pidsOf: (role: RoleName) => readonly number[];
  /** Sends SIGTERM and waits for the end. */
  readonly stop: () => Promise<{ code: number | null; ms: number }>;
};

export type ServiceArgs = {
  readonly dataDir: string;
  readonly config: string;
  readonly env?: Record<string, string>;
  readonly roles?: readonly RoleName[];
};

const WITHOUT_PAGE: readonly RoleName[] = ["engine", "deliver", "probe"];

const READY_WITHIN_MS = 60_000;

const parseLine = (text: string): LogLine | null => {
  try {
    return { readAtMs: Date.now(), ...(JSON.parse(text) as { level: string; message: string }) };
  } catch {
    return null;
  }
};

/** `nines start` as a user runs it, with its supervisor; resolves at once, whether or not it will ever be ready. */
export const launchService = async ({ dataDir, config, env, roles = WITHOUT_PAGE }: ServiceArgs): Promise<Service> => {
  const configPath = `${dataDir}.yaml`;
  await writeFile(configPath, config);
  const launcher = join(ROOT, "bin", "nines.mjs");
  const child = spawn(process.execPath, [launcher, "start", "--role", roles.join(","), "--config", configPath], {
    cwd: ROOT,
    env: { ...cleanEnvironment(), NINES_DATA_DIR: dataDir, LOG_LEVEL: "info", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let partial = "";
  const log: LogLine[] = [];
  const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    const lines = (partial + chunk.toString()).split("\n");
    partial = lines.pop() ?? "";
    for (const line of lines.map(parseLine)) if (line !== null) log.push(line);
  });
  return {
    child,
    output: () => output,
    log: () => log,
    pidsOf: (role) =>
      log
        .filter((line) => line.message === "a process of the service is ready" && line.role === role)
        .map(({ pid }) => Number(pid)),
    stop: async () => {
      const from = performance.now();
      child.kill("SIGTERM");
      const code = await ended;
      return { code, ms: performance.now() - from };
    },
  };
};

/**
 * `nines start` with every role but web, which needs the built pages, or with those that are named, once it is
 * ready: for scenarios that look at the database and at the target.
 */
export const startService = async (args: ServiceArgs): Promise<Service> => {
  const service = await launchService(args);
  const { child, output, stop } = service;
  const isReady = await waitFor(
    "the service to be ready",
    () => (child.exitCode === null ? output().includes("Nines is ready") && "ready" : "ended"),
    { deadlineMs: READY_WITHIN_MS },
  ).catch(() => "late");
  if (isReady === "ready") return service;
  await stop();
  throw new Error(`the service did not start (${isReady}):\n${output()}`);
};
