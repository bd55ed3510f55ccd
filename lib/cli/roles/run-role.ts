// What a role's process does with the messages of its supervisor.
import { flushCompileCache } from "node:module";
import { isConnectionFailure } from "#db/database-errors.ts";
import type { FromRole, RoleName, RunningRole, StartRole, ToRole } from "#lib/cli/roles/role.ts";
import { processEnvironment } from "#lib/config/env.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { createLogger } from "#lib/runtime/logger.ts";
import type { MetricsFormat } from "#lib/runtime/metrics.ts";

const STOP_DEADLINE_MS = 8_000;

const LOADERS: Readonly<Record<RoleName, () => Promise<{ startRole: StartRole }>>> = {
  web: () => import("#lib/cli/roles/web.ts"),
  engine: () => import("#lib/cli/roles/engine.ts"),
  deliver: () => import("#lib/cli/roles/deliver.ts"),
  probe: () => import("#lib/cli/roles/probe.ts"),
};

const send = (message: FromRole): void => {
  if (process.connected) process.send?.(message);
};

const waitingForMetrics = new Map<number, (text: string) => void>();
let nextMetricsId = 1;

const collectMetrics = (format: MetricsFormat): Promise<string> =>
  new Promise((resolve) => {
    const id = nextMetricsId++;
    waitingForMetrics.set(id, resolve);
    send({ kind: "all_metrics_wanted", id, format });
  });

let running: RunningRole | null = null;
let stopTracing: () => Promise<void> = () => Promise.resolve();
let isStopping = false;

/** Hands the work back and ends the process. */
export const stop = async (): Promise<void> => {
  if (isStopping) return;
  isStopping = true;
  // Longer than this and the database or a peer hangs: leases and keys make an abrupt end safe.
  setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
  await running?.stop();
  // What happened until now; a collector that is away loses it and holds up nothing for long.
  await stopTracing().catch(() => {});
  process.exit(0);
};

/** Metrics of the process and spans for a collector: what no first answer waits for. */
const startInstruments = async (role: RoleName): Promise<void> => {
  const [{ describeProcess }, { startTracing }] = await Promise.all([
    import("#lib/runtime/metrics.ts"),
    import("#lib/runtime/tracing.ts"),
  ]);
  describeProcess({ role, withProcessMetrics: true });
  stopTracing = await startTracing(processEnvironment(), role);
};

const tellMetrics = async (id: number): Promise<void> => {
  const { collectRoleMetrics } = await import("#lib/runtime/metrics.ts");
  send({ kind: "metrics", id, metrics: await collectRoleMetrics() });
};

const start = async (message: Extract<ToRole, { kind: "settings" }>): Promise<void> => {
  const { settings } = message;
  const log = createLogger({ service: `nines-${settings.role}`, level: settings.logLevel });
  process.on("uncaughtException", (error) => {
    log.error({ code: "ROLE_CRASHED", error }, "the process ends after an unexpected error");
    process.exit(1);
  });
  process.on("unhandledRejection", (error) => {
    // The database library asks each new connection for its array types, and nobody waits for that query: when the
    // pool is cut just then, its end is told here. Every query of ours has somebody who waits for it.
    if (isConnectionFailure(error) && String((error as Error).stack).includes("postgres")) {
      log.warn({ error }, "a connection to the database was cut while it was being made");
      return;
    }
    log.error({ code: "ROLE_CRASHED", error }, "the process ends after an unexpected rejection");
    process.exit(1);
  });
  try {
    const instruments = (): Promise<void> => startInstruments(settings.role);
    // The web role has pages to answer first.
    if (settings.role !== "web") await instruments();
    const { startRole } = await LOADERS[settings.role]();
    running = await startRole({
      settings,
      clock: systemClock,
      log,
      collectMetrics,
      startInstruments: settings.role === "web" ? instruments : () => Promise.resolve(),
    });
    if (isStopping) await running.stop();
    else send({ kind: "ready", port: running.port ?? null });
    // Now, since a process that is killed writes nothing.
    flushCompileCache();
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    log.error({ code: errorCodeOf(error) ?? "INTERNAL", error }, "the role did not start");
    send({ kind: "failed", code: errorCodeOf(error) ?? "INTERNAL", detail });
    process.exitCode = 1;
    process.disconnect?.();
  }
};

/** Takes a message of the supervisor; the settings come first. */
export const accept = (message: ToRole): void => {
  switch (message.kind) {
    case "settings":
      void start(message);
      return;
    case "stop":
      void stop();
      return;
    case "ping":
      send({ kind: "pong" });
      return;
    case "reload":
      running?.reload?.();
      return;
    case "metrics_wanted":
      void tellMetrics(message.id);
      return;
    case "all_metrics":
      waitingForMetrics.get(message.id)?.(message.text);
      waitingForMetrics.delete(message.id);
      return;
  }
};
