import { once } from "node:events";
import { createReadStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { AppError } from "#lib/core/errors.ts";
import type { BackupManifest } from "./manifest.ts";
import { MANIFEST_NAME, parseManifest, sha256Of } from "./manifest.ts";
import type { ArchiveEntry } from "./tar.ts";
import { readTar, tarEnd, tarEntry } from "./tar.ts";

const toFileError = (error: unknown, path: string): unknown => {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new AppError("DISK_FULL", `no space is left for ${path}`, { cause: error });
  if (code === "EACCES" || code === "EPERM" || code === "EROFS")
    return new AppError("PERMISSION_DENIED", `${path} may not be read or written`, { cause: error });
  if (code === "ENOENT" || code === "EISDIR" || code === "ENOTDIR")
    return new AppError("NOT_FOUND", `${path} does not exist or is no file`, { cause: error });
  if (code?.startsWith("Z_") === true)
    return new AppError("BACKUP_INVALID", `${path} is damaged or no backup: ${(error as Error).message}`, {
      cause: error,
    });
  return error;
};

const exists = (path: string): Promise<boolean> =>
  open(path, "r").then(
    (file) => file.close().then(() => true),
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT",
  );

export type BackupWriter = { readonly add: (entry: ArchiveEntry) => Promise<void> };

/**
 * Writes a gzipped tar through `fill`. The file has its name only when it is whole and on the disk; mode 0600.
 * Returns its size in bytes. @throws AppError CONFLICT when the file exists, DISK_FULL, PERMISSION_DENIED, NOT_FOUND
 */
export const writeBackupFile = async (path: string, fill: (writer: BackupWriter) => Promise<void>): Promise<number> => {
  if (await exists(path)) throw new AppError("CONFLICT", `${path} exists already; choose another name or remove it`);
  const temporary = `${path}.${process.pid}.part`;
  try {
    const file = await open(temporary, "w", 0o600);
    try {
      const gzip = createGzip({ level: 4 });
      const written = pipeline(gzip, async (chunks: AsyncIterable<Buffer>) => {
        for await (const chunk of chunks) await file.writeFile(chunk);
      });
      // A full disk is told by the next `add`, or at the end.
      written.catch(() => undefined);
      const push = async (bytes: Buffer): Promise<void> => {
        if (!gzip.write(bytes)) await Promise.race([once(gzip, "drain"), written]);
      };
      await fill({
        add: async (entry) => {
          for (const bytes of tarEntry(entry)) await push(bytes);
        },
      });
      await push(tarEnd());
      gzip.end();
      await written;
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    const size = await open(path, "r").then(async (whole) => {
      const { size: bytes } = await whole.stat();
      await whole.close();
      return bytes;
    });
    return size;
  } catch (error) {
    await rm(temporary, { force: true });
    throw toFileError(error, path);
  }
};

/** The entries of a backup file in order. @throws AppError BACKUP_INVALID, NOT_FOUND, PERMISSION_DENIED */
export async function* readBackupFile(path: string): AsyncGenerator<ArchiveEntry> {
  const file = createReadStream(path);
  const gunzip = createGunzip();
  file.on("error", (error) => gunzip.destroy(error));
  file.pipe(gunzip);
  try {
    yield* readTar(gunzip as AsyncIterable<Buffer>);
  } catch (error) {
    throw toFileError(error, path);
  } finally {
    file.destroy();
    gunzip.destroy();
  }
}

/**
 * Reads a backup from its first to its last byte and returns its manifest, when every part is there, unchanged and in
 * order. @throws AppError BACKUP_INVALID, NOT_FOUND, PERMISSION_DENIED
 */
export const verifyBackupFile = async (path: string): Promise<BackupManifest> => {
  const seen: { name: string; bytes: number; sha256: string }[] = [];
  let manifest: BackupManifest | null = null;
  for await (const { name, bytes } of readBackupFile(path)) {
    if (manifest !== null) throw new AppError("BACKUP_INVALID", `${path} goes on after its manifest`);
    if (name === MANIFEST_NAME) manifest = parseManifest(bytes);
    else seen.push({ name, bytes: bytes.length, sha256: sha256Of(bytes) });
  }
  if (manifest === null) throw new AppError("BACKUP_INVALID", `${path} has no manifest: it is not complete`);
  const expected = manifest.tables.flatMap(({ parts }) => parts);
  const isSame =
    expected.length === seen.length &&
    expected.every(({ name, bytes, sha256 }, index) => {
      const part = seen[index];
      return part?.name === name && part.bytes === bytes && part.sha256 === sha256;
    });
  if (!isSame) throw new AppError("BACKUP_INVALID", `${path} does not hold what its manifest says`);
  return manifest;
};
