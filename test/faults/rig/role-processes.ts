import { type ChildProcess, fork, spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import postgres from "postgres";
import { startEmbedded } from "#db/embedded/index.ts";
import { migrate } from "#db/migrate.ts";
import type { FromRole, RoleName, RoleSettings } from "#lib/cli/roles/role.ts";
import { execArgvOf } from "#lib/cli/roles/role.ts";
import { cleanEnvironment, ROOT, runNines, temporaryFolder } from "../../support/instance.ts";

const ENTRY = join(ROOT, "lib", "cli", "roles", "main.ts");
const WEB_ENTRY = join(ROOT, "test", "faults", "rig", "web-process.ts");
const LAUNCHER = join(ROOT, "bin", "nines.mjs");

export type RoleProcess = {
  readonly child: ChildProcess;
  readonly port: number | null;
  readonly stop: () => Promise<void>;
};

/** Whether the web role renders the built pages with Next, or has a stand-in for Next: everything else is the product. */
export type Pages = "built" | "stand-in";

/** One role of the product as a process of its own, without the supervisor that would start it again. */
export const startRole = async (
  settings: RoleSettings,
  output: (text: string) => void,
  pages: Pages = "stand-in",
): Promise<RoleProcess> => {
  const child = fork(settings.role === "web" && pages === "stand-in" ? WEB_ENTRY : ENTRY, [], {
    cwd: ROOT,
    env: cleanEnvironment(),
    execArgv: [...process.execArgv, ...execArgvOf(settings.role)],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  child.stderr?.on("data", (chunk: Buffer) => output(chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const ready = await new Promise<number | null>((resolve, reject) => {
    child.on("message", (message: FromRole) => {
      if (message.kind === "ready") resolve(message.port);
      if (message.kind === "failed") reject(new Error(`${settings.role}: ${message.code} ${message.detail}`));
      if (message.kind === "all_metrics_wanted") child.send({ kind: "all_metrics", id: message.id, text: "" });
    });
    void ended.then(() => reject(new Error(`${settings.role} ended before it was ready`)));
    child.send({ kind: "settings", settings });
  });
  return {
    child,
    port: ready,
    stop: async () => {
      if (child.connected) child.send({ kind: "stop" });
      await ended;
    },
  };
};

export type AgentProcess = {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** The command that the agent printed, as arguments of `nines`. */
  readonly registration: () => Promise<readonly string[]>;
  /** Sends the signal and waits for the end; returns the exit code and how long it took. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<{ code: number | null; ms: number }>;
};

/** `nines agent` as a user starts it; `through` is a command to run it with, such as `ip netns exec NAME`. */
export const startAgentProcess = (
  args: readonly string[],
  { through = [], env = {} }: { through?: readonly string[]; env?: Record<string, string> } = {},
): AgentProcess => {
  const [command = process.execPath, ...rest] = [...through, process.execPath, LAUNCHER, "agent", ...args];
  const child = spawn(command, rest, {
    cwd: ROOT,
    env: { ...cleanEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const registered = new Promise<readonly string[]>((resolve, reject) => {
    const look = (chunk: Buffer): void => {
      output += chunk.toString();
      const match = /nines (?:-- )?key add-agent --location (\S+) --jwk '([^']+)'/.exec(output);
      if (match !== null) resolve(["key", "add-agent", "--location", match[1] as string, "--jwk", match[2] as string]);
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    void ended.then((code) => reject(new Error(`the agent ended with ${code}:\n${output}`)));
  });
  registered.catch(() => undefined);
  return {
    child,
    output: () => output,
    registration: () => registered,
    stop: async (signal = "SIGTERM") => {
      const from = performance.now();
      child.kill(signal);
      const code = await ended;
      return { code, ms: performance.now() - from };
    },
  };
};

export type Server = {
  readonly url: string;
  readonly sql: postgres.Sql;
  readonly folder: string;
  readonly output: () => string;
  readonly pidOf: (role: RoleName) => number | undefined;
  /** Registers an agent's key with the command that the agent printed. */
  readonly register: (agent: Pick<AgentProcess, "registration">) => Promise<void>;
  readonly get: (path: string) => Promise<unknown>;
  readonly stop: () => Promise<void>;
};

const settingsOf = (role: RoleName, common: Omit<RoleSettings, "role" | "port" | "host">): RoleSettings => ({
  ...common,
  role,
  host: "127.0.0.1",
  port: 0,
});

type ServerArgs = {
  readonly name: string;
  readonly config: string;
  readonly roles?: readonly RoleName[];
  readonly host?: string;
};

/**
 * The product as OS processes with a database of their own, for scenarios that need no rendered page: web, engine and
 * probe, without Next's build.
 */
export const startServer = async (args: ServerArgs): Promise<Server> => {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (let undo = stops.pop(); undo !== undefined; undo = stops.pop()) await undo();
  };
  try {
    return await startParts(args, stops, stop);
  } catch (error) {
    await stop();
    throw error;
  }
};

const startParts = async (
  args: ServerArgs,
  stops: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<Server> => {
  const folder = await temporaryFolder(args.name);
  stops.push(folder.remove);
  const dataDir = join(folder.path, "data");
  await mkdir(dataDir, { mode: 0o755 });
  const configPath = join(folder.path, "nines.yaml");
  await writeFile(configPath, args.config);
  let output = "";
  const note = (text: string): void => {
    output += text;
  };
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined };
  const embedded = await startEmbedded({ dataDir, log });
  stops.push(embedded.stop);
  await migrate({ url: embedded.url });
  const common = {
    instanceId: args.name,
    databaseUrl: embedded.url,
    dataDir,
    configPath,
    logLevel: "warn",
    isDemo: false,
    isProduction: true,
    secretKey: Buffer.alloc(32, 1).toString("base64"),
  };
  const processes: RoleProcess[] = [];
  const roles = args.roles ?? (["web", "engine", "probe"] as const);
  for (const role of roles) {
    const started = await startRole({ ...settingsOf(role, common), host: args.host ?? "127.0.0.1" }, note);
    processes.push(started);
    stops.push(started.stop);
  }
  const sql = postgres(embedded.url, { max: 2, onnotice: () => undefined });
  stops.push(() => sql.end({ timeout: 1 }));
  const url = `http://127.0.0.1:${processes.find(({ port }) => port !== null)?.port}`;
  return {
    url,
    sql,
    folder: folder.path,
    output: () => output,
    pidOf: (role) => processes[roles.indexOf(role)]?.child.pid,
    register: async (agent) => {
      const { code, stderr } = await runNines(await agent.registration(), { env: { DATABASE_URL: embedded.url } });
      if (code !== 0) throw new Error(`key add-agent ended with ${code}: ${stderr}`);
    },
    get: async (path) => (await fetch(`${url}${path}`)).json(),
    stop,
  };
};
