import { chmodSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { AppError } from "#lib/core/errors.ts";

/** Whom PostgreSQL runs as; null: ourselves. It refuses to run as root. */
export type RunUser = { readonly name: string; readonly uid: number; readonly gid: number } | null;

/** From the text of /etc/passwd: `postgres`, else `nobody`. */
export const pickRunUser = (passwd: string): RunUser => {
  const entries = passwd.split("\n").map((line) => line.split(":"));
  for (const name of ["postgres", "_postgres", "nobody"]) {
    const entry = entries.find(([first]) => first === name);
    // macOS writes nobody's number as -2.
    if (entry !== undefined) return { name, uid: Number(entry[2]) >>> 0, gid: Number(entry[3]) >>> 0 };
  }
  return null;
};

/** @throws AppError PERMISSION_DENIED when we are root and the system has no user to change to. */
export const findRunUser = (): RunUser => {
  if (process.getuid?.() !== 0) return null;
  const user = pickRunUser(readFileSync("/etc/passwd", "utf8"));
  if (user !== null) return user;
  throw new AppError(
    "PERMISSION_DENIED",
    "PostgreSQL does not run as root, and this system has neither a user postgres nor nobody. Set DATABASE_URL or run as an ordinary user.",
  );
};

const mayEnter = (path: string, user: NonNullable<RunUser>): boolean => {
  const { mode, uid, gid } = statSync(path);
  if (uid === user.uid) return (mode & 0o100) !== 0;
  return gid === user.gid ? (mode & 0o010) !== 0 : (mode & 0o001) !== 0;
};

/** True when `user` may enter the folder `path` and each folder above it. /root is often closed. */
export const isReachableBy = (path: string, user: RunUser): boolean => {
  if (user === null) return true;
  const parent = dirname(path);
  return mayEnter(path, user) && (parent === path || isReachableBy(parent, user));
};

/** Makes a folder and those above it so that every user may enter them, whatever the umask says. Existing ones stay. */
export const makeOpenFolder = (path: string): void => {
  const first = mkdirSync(path, { recursive: true, mode: 0o755 });
  if (first === undefined) return;
  for (let at = path; at.length >= first.length; at = dirname(at)) chmodSync(at, 0o755);
};
