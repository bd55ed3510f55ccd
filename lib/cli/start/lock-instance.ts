import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RoleName } from "#lib/cli/roles/role.ts";
import { AppError } from "#lib/core/errors.ts";

const FILE = "nines.pid";

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/** True when `pid` runs Nines; a number that another program got after a crash must not keep us from starting. */
const isOurs = async (pid: number): Promise<boolean> => {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => null);
  return commandLine === null ? true : commandLine.includes("nines");
};

const readPid = async (path: string): Promise<number | null> => {
  const pid = Number.parseInt(await readFile(path, "utf8").catch(() => ""), 10);
  return Number.isInteger(pid) && pid > 0 ? pid : null;
};

/** Takes the lock whole or not at all: one that is there but empty would look like a dead one to another start. */
const tryTake = async (path: string, roles: readonly RoleName[]): Promise<boolean> => {
  const candidate = `${path}.${process.pid}`;
  try {
    await writeFile(candidate, `${process.pid}\n${roles.join(",")}\n`, { mode: 0o644 });
    await link(candidate, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(candidate, { force: true });
  }
};

/** Removes the lock that `deadPid` left; one that another start took in between goes back to its place. */
const removeDead = async (path: string, deadPid: number | null): Promise<void> => {
  const aside = `${path}.${process.pid}`;
  try {
    await rename(path, aside);
    if ((await readPid(aside)) !== deadPid) await link(aside, path);
  } catch (error) {
    // Somebody else removed it, or took it: the next attempt tells.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "EEXIST") throw error;
  } finally {
    await rm(aside, { force: true });
  }
};

const explain = (error: unknown, dataDir: string): AppError => {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC")
    return new AppError("DISK_FULL", `no space is left in ${dataDir}. Free some and start again.`, { cause: error });
  return new AppError(
    "PERMISSION_DENIED",
    `${dataDir} cannot be written (${code}). Give this user access, or choose another folder: NINES_DATA_DIR=~/nines npm start`,
    { cause: error },
  );
};

/**
 * One `start` for each data folder: a second would fight over the database and the page's copy.
 * Returns what releases the folder. @throws AppError ALREADY_RUNNING, PERMISSION_DENIED, DISK_FULL
 */
export const lockInstance = async (dataDir: string, roles: readonly RoleName[]): Promise<() => Promise<void>> => {
  const path = join(dataDir, FILE);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    let pid: number | null;
    try {
      if (await tryTake(path, roles)) return () => rm(path, { force: true });
      pid = await readPid(path);
      if (pid === null || pid === process.pid || !isAlive(pid) || !(await isOurs(pid))) {
        await removeDead(path, pid);
        continue;
      }
    } catch (error) {
      throw explain(error, dataDir);
    }
    throw new AppError(
      "ALREADY_RUNNING",
      `process ${pid} already runs Nines with the data folder ${dataDir}. Stop it, or choose another folder with NINES_DATA_DIR.`,
    );
  }
  throw new AppError("ALREADY_RUNNING", `the lock ${path} could not be taken: another start is at it. Try again.`);
};
