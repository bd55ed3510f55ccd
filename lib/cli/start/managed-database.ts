import { startEmbedded } from "#db/embedded/index.ts";
import { migrate } from "#db/migrate.ts";
import { AppError, errorCodeOf } from "#lib/core/errors.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";

/** The database of an instance: the user's, or the embedded one kept alive here. */
export type ManagedDatabase = {
  readonly url: () => string;
  readonly stop: () => Promise<void>;
};

type Args = {
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The embedded server came back at another address. */
  readonly onMoved: (url: string) => void;
};

const RESTART_DELAY_MS = 500;
const UNREACHABLE_DELAY_MS = 1_000;

/** Starts the embedded PostgreSQL, unless `databaseUrl` names one, and starts it again whenever it ends. */
export const manageDatabase = async ({
  databaseUrl,
  dataDir,
  log,
  clock,
  signal,
  onMoved,
}: Args): Promise<ManagedDatabase> => {
  if (databaseUrl !== null) return { url: () => databaseUrl, stop: async () => undefined };
  const stopping = new AbortController();
  const ending = AbortSignal.any([signal, stopping.signal]);
  let current = await startEmbedded({ dataDir, log, signal });

  const keepAlive = async (): Promise<void> => {
    while (!ending.aborted) {
      await current.exited;
      if (ending.aborted) return;
      log.error(
        { code: "ROLE_CRASHED", role: "postgres" },
        "the embedded PostgreSQL ended unexpectedly and is started again",
      );
      await clock.sleep(RESTART_DELAY_MS, ending);
      const before = current.url;
      try {
        current = await startEmbedded({ dataDir, log, signal: ending });
        if (current.url !== before) onMoved(current.url);
      } catch (error) {
        if (!ending.aborted) log.error({ error }, "the embedded PostgreSQL does not start; trying again");
      }
    }
  };
  const keptAlive = keepAlive().catch(() => undefined);

  return {
    url: () => current.url,
    stop: async () => {
      stopping.abort();
      await current.stop();
      // A server that was just being started again is a new one by now.
      await keptAlive;
      await current.stop();
    },
  };
};

/** Migrates; while the server cannot be reached it tries again each second, since it may start after us. Other faults end the start. */
export const migrateWhenReachable = async (args: {
  url: string;
  log: Logger;
  clock: Clock;
  signal: AbortSignal;
}): Promise<void> => {
  const { url, log, clock, signal } = args;
  let isFirst = true;
  for (;;) {
    try {
      await migrate({ url });
      return;
    } catch (error) {
      const code = errorCodeOf(error);
      if (code !== "DATABASE_UNREACHABLE" && code !== "DATABASE_TIMEOUT") throw error;
      if (isFirst) log.warn({ code, error }, "waiting for the database");
      isFirst = false;
      await clock.sleep(UNREACHABLE_DELAY_MS, signal).catch(() => {
        throw new AppError("DATABASE_UNREACHABLE", "stopped while waiting for the database", { cause: error });
      });
    }
  }
};
