import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LAUNCHER = join(ROOT, "bin", "nines.mjs");

/** A folder that a server running as another user can enter: mkdtemp makes it private, and root hands over. */
export const temporaryFolder = async (name: string): Promise<{ path: string; remove: () => Promise<void> }> => {
  const path = await mkdtemp(join(tmpdir(), `nines-${name}-`));
  await chmod(path, 0o755);
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }) };
};

export type Finished = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Runs one command of the real launcher to its end. */
export const runNines = (
  args: readonly string[],
  options: { env?: Record<string, string>; input?: string; cwd?: string } = {},
): Promise<Finished> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [LAUNCHER, ...args], {
      cwd: options.cwd ?? ROOT,
      env: { ...cleanEnvironment(), ...options.env },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
    child.stdin.end(options.input ?? "");
  });

/** The environment without what a developer may have set for Nines, and without npm's marks. */
export const cleanEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined &&
        !/^(npm_|NINES_|DATABASE_URL$|PORT$|HOST$|LOG_LEVEL$|NODE_ENV$|VITEST)/.test(entry[0]),
    ),
  ) as NodeJS.ProcessEnv;

export type Instance = {
  readonly child: ChildProcess;
  readonly url: string;
  readonly signInUrl: string;
  readonly startedInMs: number;
  readonly output: () => string;
  /** The text of a page or API path, with its status. */
  readonly get: (
    path: string,
    headers?: Record<string, string>,
  ) => Promise<{ status: number; text: string; headers: Headers }>;
  /** Sends SIGTERM and waits for the end; returns the exit code and how long it took. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<{ code: number | null; ms: number }>;
};

export type InstanceArgs = {
  readonly config?: string;
  readonly dataDir: string;
  readonly env?: Record<string, string>;
  readonly args?: readonly string[];
  readonly cwd?: string;
};

const READY_WITHIN_MS = 90_000;

/** Starts the whole service as a user would and resolves when it says that it is ready. */
export const startInstance = async ({ config, dataDir, env, args = [], cwd }: InstanceArgs): Promise<Instance> => {
  const configPath = join(dataDir, "..", `${dataDir.split("/").at(-1)}.yaml`);
  if (config !== undefined) await writeFile(configPath, config);
  const startedAt = performance.now();
  const child = spawn(
    process.execPath,
    [LAUNCHER, "start", ...(config === undefined ? [] : ["--config", configPath]), ...args],
    {
      cwd: cwd ?? ROOT,
      env: { ...cleanEnvironment(), HOST: "127.0.0.1", PORT: "0", NINES_DATA_DIR: dataDir, LOG_LEVEL: "info", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
  const ready = await new Promise<{ url: string; signInUrl: string }>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`not ready within ${READY_WITHIN_MS} ms:\n${output}`));
      // Nobody else knows of it.
      child.kill("SIGTERM");
    }, READY_WITHIN_MS);
    const look = (chunk: Buffer): void => {
      output += chunk.toString();
      const url = /Status page +(\S+)/.exec(output)?.[1];
      const signInUrl = /Dashboards +(\S+)/.exec(output)?.[1];
      if (url === undefined || signInUrl === undefined) return;
      clearTimeout(timer);
      resolve({ url, signInUrl });
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    void ended.then((code) => {
      clearTimeout(timer);
      reject(new Error(`ended with ${code} before it was ready:\n${output}`));
    });
  });
  return {
    child,
    ...ready,
    startedInMs: performance.now() - startedAt,
    output: () => output,
    get: async (path, headers = {}) => {
      const ask = () => fetch(`${ready.url}${path}`, { headers, redirect: "manual" });
      // A kept connection may be closed by the server just as it is used again: ask once more, as a browser does.
      const response = await ask().catch(ask);
      return { status: response.status, text: await response.text(), headers: response.headers };
    },
    stop: async (signal = "SIGTERM") => {
      const from = performance.now();
      child.kill(signal);
      const code = await ended;
      return { code, ms: performance.now() - from };
    },
  };
};

/** Processes whose command line or environment names this text; Linux only. */
export const processesNaming = async (text: string): Promise<string[]> => {
  const { readdir, readFile } = await import("node:fs/promises");
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    if (command.includes(text) || environment.includes(text)) found.push(`${pid} ${command.replaceAll("\0", " ")}`);
  }
  return found;
};
