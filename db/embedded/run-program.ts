import { spawn } from "node:child_process";
import { join } from "node:path";
import { AppError } from "#lib/core/errors.ts";
import type { Place } from "./place.ts";

/** A clean world: no PGDATA, PGPORT or locale of the user changes what the server does. */
export const SERVER_ENVIRONMENT: NodeJS.ProcessEnv = {
  NODE_ENV: "production",
  LC_ALL: "C",
  TZ: "UTC",
  PATH: "/usr/local/bin:/usr/bin:/bin",
};

/** The options of `spawn` that make the child run as the place's user. */
export const asUser = ({ user }: Pick<Place, "user">): { uid?: number; gid?: number } =>
  user === null ? {} : { uid: user.uid, gid: user.gid };

/** The lines that tell of a fault; all of them when none does. */
const faultsIn = (said: string): string => {
  const faults = said.split("\n").filter((line) => /error|FATAL|PANIC|could not|No space left|denied/.test(line));
  return faults.length === 0 ? said : faults.join("\n");
};

/** Tells the three faults that a user can cure from all others, by what the system or the server said. */
export const toEmbeddedError = (error: unknown, output: string): AppError => {
  const said = faultsIn(output);
  const code = (error as NodeJS.ErrnoException | null)?.code ?? "";
  const cause = error === null ? {} : { cause: error };
  if (code === "ENOSPC" || said.includes("No space left on device")) {
    return new AppError(
      "DISK_FULL",
      `the embedded PostgreSQL has no space left. Free some and start again. ${said}`.trim(),
      cause,
    );
  }
  if (code === "EPERM" || code === "EINVAL") {
    return new AppError(
      "PERMISSION_DENIED",
      "this root user may not start PostgreSQL as another user. Set DATABASE_URL or run as an ordinary user.",
      cause,
    );
  }
  if (code === "EACCES" || code === "EROFS" || said.includes("Permission denied")) {
    return new AppError(
      "PERMISSION_DENIED",
      `the embedded PostgreSQL may not use its folder. Choose another with NINES_DATA_DIR. ${said}`.trim(),
      cause,
    );
  }
  if (said.includes("error while loading shared libraries") || code === "ENOENT" || code === "ENOEXEC") {
    return new AppError(
      "UNSUPPORTED_PLATFORM",
      `the embedded PostgreSQL does not run on this system. Set DATABASE_URL to a PostgreSQL server. ${said}`.trim(),
      cause,
    );
  }
  return new AppError("INTERNAL", `the embedded PostgreSQL failed: ${said}`, cause);
};

/**
 * Runs one of the server's programs to its end, as the place's user. @throws AppError as `toEmbeddedError`
 */
export const runProgram = (place: Place, name: string, args: readonly string[], input = ""): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(join(place.binaries.folder, "bin", name), args, {
      ...asUser(place),
      cwd: place.home,
      env: SERVER_ENVIRONMENT,
      stdio: ["pipe", "pipe", "pipe"],
      windowsHide: true,
    });
    let said = "";
    const note = (chunk: Buffer): void => void (said = (said + chunk.toString("utf8")).slice(-2_000));
    child.stdout.on("data", note);
    child.stderr.on("data", note);
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    child.once("error", (error) => reject(toEmbeddedError(error, "")));
    child.once("close", (code) => (code === 0 ? resolve() : reject(toEmbeddedError(null, said.trim()))));
  });
