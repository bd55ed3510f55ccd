import { randomBytes } from "node:crypto";
import type { CommandContext, ExitCode } from "#lib/cli/command.ts";
import { startDemoTargets } from "#lib/cli/demo/targets.ts";
import { writeDemo } from "#lib/cli/demo/write-demo.ts";
import type { RoleName } from "#lib/cli/roles/role.ts";
import { announce } from "#lib/cli/start/announce.ts";
import { checkPortIsFree } from "#lib/cli/start/check-port.ts";
import { lockInstance } from "#lib/cli/start/lock-instance.ts";
import { makeDataFolder } from "#lib/cli/start/make-data-folder.ts";
import { manageDatabase, migrateWhenReachable } from "#lib/cli/start/managed-database.ts";
import { buildPagesWhenNeeded } from "#lib/cli/start/next-build.ts";
import { PROJECT_ROOT } from "#lib/cli/start/project-root.ts";
import { readConfigFile } from "#lib/cli/start/read-config-file.ts";
import type { StartSettings } from "#lib/cli/start/settings.ts";
import type { Supervisor } from "#lib/cli/start/supervisor.ts";
import { createSupervisor } from "#lib/cli/start/supervisor.ts";
import { watchHangup } from "#lib/cli/start/watch-hangup.ts";
import { loadSecretKeys } from "#lib/commands/secret-key.ts";
import { AppError } from "#lib/core/errors.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { createLogger } from "#lib/runtime/logger.ts";

/** What was started and how to stop it, newest last. */
type Cleanup = { readonly push: (stop: () => Promise<void>) => void; readonly run: () => Promise<void> };

const createCleanup = (): Cleanup => {
  const stops: (() => Promise<void>)[] = [];
  return {
    push: (stop) => void stops.push(stop),
    run: async () => {
      for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop().catch(() => undefined);
    },
  };
};

/** Runs the whole service until the signal aborts: start in order, stop in reverse. */
export const runInstance = async (context: CommandContext, settings: StartSettings): Promise<ExitCode> => {
  const cleanup = createCleanup();
  try {
    await startAll(context, settings, cleanup);
    if (!context.signal.aborted)
      await new Promise<void>((resolve) => context.signal.addEventListener("abort", () => resolve(), { once: true }));
    return 0;
  } catch (error) {
    if (context.signal.aborted) return 0;
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    throw new AppError("DISK_FULL", `no space is left in ${settings.dataDir}. Free some and start again.`, {
      cause: error,
    });
  } finally {
    await cleanup.run();
  }
};

/** Settles as `work` does, or rejects when the signal aborts first: a part that never gets ready must not hold up a stop. */
const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });

/** Starts the demonstration's own services and writes its configuration; returns the path of that. */
const startDemo = async ({ stdout }: CommandContext, settings: StartSettings, cleanup: Cleanup): Promise<string> => {
  const targets = await startDemoTargets({
    clock: systemClock,
    onWebhook: (type) => stdout.write(`  webhook received by the demonstration: ${type}\n`),
  });
  cleanup.push(targets.stop);
  return writeDemo(settings.dataDir, targets.ports);
};

/** Starts the roles in order; returns the port of the page, null without the web role. */
const startRoles = async (
  supervisor: Supervisor,
  roles: readonly RoleName[],
  migrated: () => Promise<void>,
  signal: AbortSignal,
): Promise<number | null> => {
  // The page comes first: from its copy on disk it is up before the database answers.
  const web = roles.includes("web") ? supervisor.start("web") : null;
  await migrated();
  for (const role of roles) {
    signal.throwIfAborted();
    if (role !== "web") await unlessAborted(supervisor.start(role), signal);
  }
  return web === null ? null : (await unlessAborted(web, signal)).port;
};

const startAll = async (context: CommandContext, settings: StartSettings, cleanup: Cleanup): Promise<void> => {
  const { stdout, env, signal } = context;
  const clock = systemClock;
  const log = createLogger({ service: "nines", level: settings.logLevel });
  const isDemo = settings.configPath === null;

  if (settings.roles.includes("web") && settings.port !== 0) await checkPortIsFree(settings.host, settings.port);
  await makeDataFolder(settings.dataDir);
  cleanup.push(await lockInstance(settings.dataDir, settings.roles));
  // From here on a hang-up must not end the process behind the back of what it started.
  let reload = (): void => undefined;
  cleanup.push(watchHangup({ onReload: () => reload(), onGone: () => process.kill(process.pid, "SIGTERM") }));
  const { secretKey: value, oldSecretKeys: oldValues, dataDir } = settings;
  const secrets = await loadSecretKeys({ value, oldValues, dataDir });

  const configPath = settings.configPath ?? (await startDemo(context, settings, cleanup));
  await readConfigFile(configPath, env);
  if (settings.isProduction && settings.roles.includes("web"))
    await buildPagesWhenNeeded({ root: PROJECT_ROOT, env, out: stdout, signal });
  signal.throwIfAborted();

  let move = (_url: string): void => undefined;
  const database = await manageDatabase({
    databaseUrl: settings.databaseUrl,
    dataDir: settings.dataDir,
    log,
    clock,
    signal,
    onMoved: (url) => move(url),
  });
  cleanup.push(database.stop);
  signal.throwIfAborted();

  const supervisor = createSupervisor({
    common: {
      instanceId: `${process.pid}-${randomBytes(6).toString("hex")}`,
      databaseUrl: database.url(),
      dataDir: settings.dataDir,
      configPath,
      host: settings.host,
      port: settings.port,
      logLevel: settings.logLevel,
      isDemo,
      isProduction: settings.isProduction,
      secretKey: secrets.keys[0]?.toString("base64") ?? "",
      oldSecretKeys: secrets.keys.slice(1).map((key) => key.toString("base64")),
      secretKeyFile: secrets.file,
    },
    log,
    clock,
  });
  move = supervisor.moveDatabase;
  reload = supervisor.reload;
  cleanup.push(supervisor.stop);

  const migrated = () => migrateWhenReachable({ url: database.url(), log, clock, signal });
  const port = await startRoles(supervisor, settings.roles, migrated, signal);
  signal.throwIfAborted();
  await announce({ stdout, settings, port, databaseUrl: database.url(), configPath, isDemo, clock });
};
