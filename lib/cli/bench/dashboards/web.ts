import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Database } from "#db/database.ts";
import { consumeSignInLink, createSignInLink } from "#lib/commands/sign-in.ts";
import { processEnvironment } from "#lib/config/env.ts";
import { AppError } from "#lib/core/errors.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import type { FromRole, RoleSettings } from "../../roles/role.ts";
import { PROJECT_ROOT } from "../../start/project-root.ts";
import { fetchOnce } from "../fetch-once.ts";

/** The key of everything that the bench seals. */
export const BENCH_KEY = Buffer.alloc(32);

type WebProcess = { readonly port: number; readonly pid: number; readonly stop: () => Promise<void> };

const READY_WITHIN_MS = 60_000;

/** Public pages are answered before the dashboards are. */
const dashboardsReady = async (port: number): Promise<void> => {
  const ends = systemClock.now() + READY_WITHIN_MS;
  while ((await fetchOnce({ port, path: "/admin/sign-in", headers: [] })).status === 503) {
    if (systemClock.now() > ends) throw new AppError("ROLE_CRASHED", "the dashboards do not answer");
    await pause(100);
  }
};

/** Starts the real web role in a process of its own. @throws AppError ROLE_CRASHED */
export const startWeb = async (databaseUrl: string, dataDir: string): Promise<WebProcess> => {
  const child = fork(join(PROJECT_ROOT, "lib", "cli", "roles", "main.ts"), {
    cwd: PROJECT_ROOT,
    env: { ...processEnvironment(), NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const settings: RoleSettings = {
    ...{ role: "web", instanceId: "bench", databaseUrl, dataDir, configPath: "", host: "127.0.0.1", port: 0 },
    ...{ logLevel: "error", isDemo: false, isProduction: true, secretKey: BENCH_KEY.toString("base64") },
  };
  child.send({ kind: "settings", settings });
  const [message] = (await once(child, "message")) as [FromRole];
  if (message.kind !== "ready" || message.port === null)
    throw new AppError("ROLE_CRASHED", "the web role did not start");
  await dashboardsReady(message.port);
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

/** A session of somebody who may see everything, as a header. */
export const signedIn = async (database: Database): Promise<string> => {
  const now = systemClock.now();
  const { token } = await createSignInLink(database, { now, actor: "bench", randomBytes });
  const session = await consumeSignInLink(database, { token, now, randomBytes, userAgent: "bench" });
  return `cookie: nines_session=${session.token}`;
};

/** Resident memory of a process in MB; null where /proc does not tell. */
export const residentMb = (pid: number): number | null => {
  try {
    const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return kb === undefined ? null : Math.round(Number(kb) / 1_024);
  } catch {
    return null;
  }
};
