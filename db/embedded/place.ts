import { createHash } from "node:crypto";
import { existsSync, realpathSync, symlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Binaries } from "./binaries.ts";
import { findBinaries } from "./binaries.ts";
import type { RunUser } from "./run-user.ts";
import { findRunUser, isReachableBy, makeOpenFolder } from "./run-user.ts";

/** Where an embedded server lives: its programs, its folder (`data`, `password`, `port`) and its user. */
export type Place = { readonly binaries: Binaries; readonly home: string; readonly user: RunUser };

/** Used as root when the data folder lies where the server's user cannot enter. */
const SHARED_FOLDER = "/var/lib/nines";

const sharedFolderOf = (dataDir: string): string =>
  join(SHARED_FOLDER, createHash("sha256").update(dataDir).digest("hex").slice(0, 16));

/** The folder of the server that belongs to a data folder, whether it exists or not. */
const homeOf = (dataDir: string, user: RunUser): string => {
  const folder = isReachableBy(dataDir, user) ? dataDir : sharedFolderOf(dataDir);
  return join(folder, "postgres");
};

/** Null when no server was ever started with this data folder. Makes and changes nothing. */
export const findHome = (dataDir: string): { readonly home: string; readonly user: RunUser } | null => {
  if (!existsSync(dataDir)) return null;
  const user = findRunUser();
  const home = homeOf(realpathSync(dataDir), user);
  return existsSync(home) ? { home, user } : null;
};

/** A signpost in the data folder to where the data really is. */
const leaveSignpost = (dataDir: string, home: string): void => {
  const path = join(dataDir, "postgres");
  if (path === home || existsSync(path)) return;
  try {
    symlinkSync(home, path);
  } catch {
    // Only a help for people.
  }
};

/** Chooses user, folder and programs, and makes the folder's parents. @throws AppError UNSUPPORTED_PLATFORM, PERMISSION_DENIED */
export const choosePlace = (dataDir: string): Place => {
  const user = findRunUser();
  makeOpenFolder(resolve(dataDir));
  const folder = realpathSync(dataDir);
  const home = homeOf(folder, user);
  makeOpenFolder(dirname(home));
  leaveSignpost(folder, home);
  const binaries = findBinaries({
    platform: `${process.platform}-${process.arch}`,
    isReachable: (path) => isReachableBy(path, user),
    copyTo: user === null ? folder : SHARED_FOLDER,
  });
  return { binaries, home, user };
};
