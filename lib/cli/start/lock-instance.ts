import { open, readFile, rm } from "node:fs/promises";
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

/**
 * One `start` for each data folder and set of roles: the second would fight over the database and the page's copy.
 * Returns what releases the folder. @throws AppError ALREADY_RUNNING, PERMISSION_DENIED, DISK_FULL
 */
export const lockInstance = async (dataDir: string, roles: readonly RoleName[]): Promise<() => Promise<void>> => {
  const path = join(dataDir, FILE);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const file = await open(path, "wx", 0o644);
      await file.writeFile(`${process.pid}\n${roles.join(",")}\n`);
      await file.close();
      return async () => void (await rm(path, { force: true }));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "ENOSPC")
        throw new AppError("DISK_FULL", `no space is left in ${dataDir}. Free some and start again.`, { cause: error });
      if (code !== "EEXIST")
        throw new AppError(
          "PERMISSION_DENIED",
          `${dataDir} cannot be written (${code}). Give this user access, or choose another folder: NINES_DATA_DIR=~/nines npm start`,
          { cause: error },
        );
    }
    const pid = Number.parseInt(await readFile(path, "utf8").catch(() => ""), 10);
    if (Number.isInteger(pid) && pid !== process.pid && isAlive(pid) && (await isOurs(pid))) {
      throw new AppError(
        "ALREADY_RUNNING",
        `process ${pid} already runs Nines with the data folder ${dataDir}. Stop it, or choose another folder with NINES_DATA_DIR.`,
      );
    }
    await rm(path, { force: true });
  }
  throw new AppError("ALREADY_RUNNING", `the lock ${path} could not be taken: another start is at it. Try again.`);
};
