// Entry point of a role's process. The supervisor sends the settings first; without its channel the process ends.

import { enableCompileCache, flushCompileCache } from "node:module";
import { join } from "node:path";
import { isConnectionFailure } from "#db/database-errors.ts";
import type { FromRole, RoleName, RunningRole, StartRole, ToRole } from "#lib/cli/roles/role.ts";
import { processEnvironment } from "#lib/config/env.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { createLogger } from "#lib/runtime/logger.ts";
import type { MetricsFormat } from "#lib/runtime/metrics.ts";
import { collectRoleMetrics, describeProcess } from "#lib/runtime/metrics.ts";
import { startTracing } from "#lib/runtime/tracing.ts";

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

const stop = async (): Promise<void> => {
  if (isStopping) return;
  isStopping = true;
  // Longer than this and the database or a peer hangs: leases and keys make an abrupt end safe.
  setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
  await running?.stop();
  // What happened until now; a collector that is away loses it and holds up nothing for long.
  await stopTracing().catch(() => {});
  process.exit(0);
};

const start = async (message: Extract<ToRole, { kind: "settings" }>): Promise<void> => {
  const { settings } = message;
  const log = createLogger({ service: `nines-${settings.role}`, level: settings.logLevel });
  describeProcess({ role: settings.role, withProcessMetrics: true });
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
    // Compiling is most of the start. The cache lies in our own folder, since whoever writes to it has our rights.
    enableCompileCache(join(settings.dataDir, "compile-cache"));
    stopTracing = await startTracing(processEnvironment(), settings.role);
    const { startRole } = await LOADERS[settings.role]();
    running = await startRole({ settings, clock: systemClock, log, collectMetrics });
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

process.on("message", (message: ToRole) => {
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
      void collectRoleMetrics().then((metrics) => send({ kind: "metrics", id: message.id, metrics }));
      return;
    case "all_metrics":
      waitingForMetrics.get(message.id)?.(message.text);
      waitingForMetrics.delete(message.id);
      return;
  }
});
process.on("disconnect", () => void stop());
process.on("SIGTERM", () => void stop());
// Ctrl-C reaches the whole terminal group; the supervisor decides the order.
process.on("SIGINT", () => undefined);
process.on("SIGHUP", () => undefined);
