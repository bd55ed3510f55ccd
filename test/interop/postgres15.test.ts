import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { verifyBackupFile } from "#db/backup/backup-file.ts";
import { restoreBackup } from "#db/backup/restore-backup.ts";
import { writeBackup } from "#db/backup/write-backup.ts";
import type { Database } from "#db/database.ts";
import { openDatabase } from "#db/database.ts";
import { dumpSchema } from "#db/dump-schema.ts";
import type { TemporaryServer } from "#db/embedded/temporary.ts";
import { startTemporary } from "#db/embedded/temporary.ts";
import { migrate } from "#db/migrate.ts";
import { readServerVersion } from "#db/queries/migrations.ts";
import { dropPartitionsBefore, ensurePartitions } from "#db/queries/partitions.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { insertOddRows, readEverything } from "#test/support/odd-rows.ts";
import { findPostgres } from "#test/support/postgres-binaries.ts";

const found = findPostgres("15");
const why = found === null ? " (skipped: /usr/lib/postgresql/15 is not installed)" : "";
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe.skipIf(found === null)(`PostgreSQL 15, the oldest that is supported${why}`, () => {
  let old: TemporaryServer;
  let newer: TemporaryServer;
  let folder: string;
  const opened: Database[] = [];
  const open = (server: TemporaryServer): Database => {
    const database = openDatabase({ url: server.server.url, applicationName: "interop" });
    opened.push(database);
    return database;
  };
  const move = async (from: TemporaryServer, to: TemporaryServer, name: string): Promise<void> => {
    const path = join(folder, name);
    const common = { path, signal: new AbortController().signal, onProgress: () => undefined };
    await writeBackup({ ...common, url: from.server.url, now: 0 as EpochMs });
    await restoreBackup({ ...common, url: to.server.url, manifest: await verifyBackupFile(path) });
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "nines-interop-"));
    [old, newer] = await Promise.all([startTemporary({ other: found ?? undefined }), startTemporary()]);
    await migrate({ url: old.server.url });
  });
  afterAll(async () => {
    await Promise.all(opened.map((database) => database.close()));
    await Promise.all([old.stop(), newer.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  test("takes every migration and ends with the very schema of db/schema.sql", async () => {
    const database = open(old);
    expect(Math.floor((await database.read(readServerVersion)) / 10_000)).toBe(15);
    const golden = await readFile(new URL("../../db/schema.sql", import.meta.url), "utf8");
    expect(await database.read(dumpSchema)).toBe(golden);
    expect(await migrate({ url: old.server.url })).toEqual({ applied: [] });
  });

  test("makes and drops partitions, and ends a query at its deadline", async () => {
    const database = open(old);
    const span = { from: 0 as EpochMs, until: 86_400_001 as EpochMs };
    expect(await database.transaction((tx) => ensurePartitions(tx, span))).toBe(4);
    expect(await database.transaction((tx) => dropPartitionsBefore(tx, (2 * 86_400_000) as EpochMs))).toHaveLength(4);
    await expect(database.read((db) => db`select pg_sleep(5)`, { deadlineMs: 100 })).rejects.toMatchObject({
      code: "DATABASE_TIMEOUT",
    });
  });

  test("gives its backup to the embedded version and takes one back, row for row", async () => {
    await open(old).transaction((tx) => insertOddRows(tx, { runs: 5_000 }), { deadlineMs: 20_000 });
    const before = await open(old).transaction(readEverything, { deadlineMs: 20_000 });
    await move(old, newer, "old.backup");
    expect(await open(newer).transaction(readEverything, { deadlineMs: 20_000 })).toEqual(before);

    const third = await startTemporary({ other: found ?? undefined });
    await move(newer, third, "newer.backup");
    const back = open(third);
    expect(await back.transaction(readEverything, { deadlineMs: 20_000 })).toEqual(before);
    await back.close();
    await third.stop();
  });
});
