import { createHash } from "node:crypto";
import { AppError } from "#lib/core/errors.ts";
import type { AppliedMigration } from "../migration-files.ts";

export const FORMAT = "nines-backup";
export const FORMAT_VERSION = 1;
export const MANIFEST_NAME = "manifest.json";

/** A piece of a table: rows in the text format of COPY. */
export type BackupPart = { readonly name: string; readonly bytes: number; readonly sha256: string };
export type BackupTable = {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: number;
  readonly parts: readonly BackupPart[];
};
/** Where an identity column goes on. `lastValue` is a decimal string. */
export type BackupSequence = {
  readonly table: string;
  readonly column: string;
  readonly lastValue: string;
  readonly isCalled: boolean;
};
/** The last entry of a backup: what must be in it. Tables come in an order in which every reference points back. */
export type BackupManifest = {
  readonly format: typeof FORMAT;
  readonly formatVersion: typeof FORMAT_VERSION;
  readonly createdAt: string;
  readonly serverVersion: number;
  readonly migrations: readonly AppliedMigration[];
  readonly partitions: readonly string[];
  readonly tables: readonly BackupTable[];
  readonly sequences: readonly BackupSequence[];
};

/** The SHA-256 of bytes, in hexadecimal. */
export const sha256Of = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

type Check = (value: unknown) => boolean;
const isText: Check = (value) => typeof value === "string";
const isName: Check = (value) => typeof value === "string" && /^[a-z_][a-z0-9_]{0,62}$/.test(value);
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isFlag: Check = (value) => typeof value === "boolean";
const isHash: Check = (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
const isWhole: Check = (value) => typeof value === "string" && /^-?\d{1,19}$/.test(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const shapeOf =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.entries(checks).every(([key, check]) => check((value as Record<string, unknown>)[key]));

const isManifest = shapeOf({
  format: (value) => value === FORMAT,
  createdAt: isText,
  serverVersion: isCount,
  migrations: listOf(shapeOf({ name: isText, sha256: isHash })),
  partitions: listOf(isName),
  tables: listOf(
    shapeOf({
      name: isName,
      columns: listOf(isName),
      rows: isCount,
      parts: listOf(shapeOf({ name: isText, bytes: isCount, sha256: isHash })),
    }),
  ),
  sequences: listOf(shapeOf({ table: isName, column: isName, lastValue: isWhole, isCalled: isFlag })),
});

/** @throws AppError BACKUP_INVALID when the bytes are no manifest, or one of a later format. */
export const parseManifest = (bytes: Buffer): BackupManifest => {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new AppError("BACKUP_INVALID", "the manifest of the backup is not JSON", { cause: error });
  }
  if (!isManifest(value)) throw new AppError("BACKUP_INVALID", "the manifest of the backup is not complete");
  const manifest = value as BackupManifest;
  if (manifest.formatVersion !== FORMAT_VERSION) {
    throw new AppError(
      "BACKUP_INVALID",
      `the backup has format ${String(manifest.formatVersion)}, this release reads ${FORMAT_VERSION}. Use the release that made it, or a newer one.`,
    );
  }
  return manifest;
};
