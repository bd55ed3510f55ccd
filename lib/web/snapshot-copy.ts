import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Snapshot } from "#lib/contracts/snapshot.ts";
import type { Logger } from "#lib/runtime/logger.ts";

/** The snapshot as an earlier process left it on disk, or null. Makes the folder that later copies go to. */
export const loadSnapshotCopy = async (file: string, log: Logger): Promise<Snapshot | null> => {
  await mkdir(dirname(file), { recursive: true });
  try {
    return Snapshot.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      log.warn({ error }, "the stored snapshot cannot be used and is ignored");
    }
    return null;
  }
};
