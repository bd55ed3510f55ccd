import { accessSync, constants, statfsSync } from "node:fs";
import { freemem, tmpdir } from "node:os";
import type { TestProject } from "vitest/node";
import { openPool, parseDatabaseUrl } from "#db/connection.ts";
import { startTemporary } from "#db/embedded/temporary.ts";
import { migrate } from "#db/migrate.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Superuser's address of the run's own cluster. */
    clusterUrl: string;
    /** Name of the migrated database that tests clone. */
    templateName: string;
  }
}

const TEMPLATE = "nines_template";
const DEADLINE_MS = 60_000;
const MEMORY_DISK = "/dev/shm";
/** A run's databases and log take less than half of that. */
const NEEDED_BYTES = 4 * 2 ** 30;

/**
 * Where a run's cluster lies: in memory where Linux has room for it, because every test clones a database of several
 * hundred files, for which a busy disk takes half a second and memory 40 ms.
 */
const parentFolder = (): string => {
  try {
    accessSync(MEMORY_DISK, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY_DISK);
    return Math.min(bavail * bsize, freemem()) >= NEEDED_BYTES ? MEMORY_DISK : tmpdir();
  } catch {
    return tmpdir();
  }
};

/** The same server, another database. */
export const withDatabaseName = (url: string, name: string): string => {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
};

/** A statement that no transaction may hold, such as `create database`. */
export const runAsAdmin = async (clusterUrl: string, statement: string): Promise<void> => {
  const admin = openPool(parseDatabaseUrl(withDatabaseName(clusterUrl, "postgres")), {
    applicationName: "test-admin",
    maxConnections: 1,
    statementTimeoutMs: DEADLINE_MS,
    fetchTypes: false,
  });
  try {
    await admin.sql.unsafe(statement);
  } finally {
    await admin.destroy();
  }
};

/** Vitest's global set-up: one cluster for the run, one migrated template in it. Returns the tear-down. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const { server, stop } = await startTemporary({ parent: parentFolder() });
  await runAsAdmin(server.url, `create database ${TEMPLATE} template template0`);
  await migrate({ url: withDatabaseName(server.url, TEMPLATE) });
  project.provide("clusterUrl", server.url);
  project.provide("templateName", TEMPLATE);
  return stop;
};
