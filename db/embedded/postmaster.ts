import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** What postmaster.pid says: its lines are pid, data folder, start, port, socket folder, address, memory key, status. */
export type Postmaster = { readonly pid: number; readonly port: number; readonly isReady: boolean };

/** Null when the text is not (yet) whole. */
export const parsePostmasterFile = (text: string): Postmaster | null => {
  const lines = text.split("\n").map((line) => line.trim());
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return null;
  const port = Number(lines[3] ?? "0");
  return { pid, port: Number.isInteger(port) ? port : 0, isReady: lines[7] === "ready" };
};

/** The file that a running server keeps: process number, port and start. */
export const postmasterFileOf = (dataFolder: string): string => join(dataFolder, "postmaster.pid");

/** What the file of a running server says; null when there is none, or none that can be read. */
export const readPostmaster = (dataFolder: string): Promise<Postmaster | null> =>
  readFile(postmasterFileOf(dataFolder), "utf8").then(parsePostmasterFile, () => null);

/** Whether a process of this number exists, whoever owns it. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/** A process that ended and waits for its parent to notice counts as gone. */
const isZombie = async (pid: number): Promise<boolean> => {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return /\) [ZX] /.test(stat);
};

/**
 * True when `pid` is the server of this data folder. After a crash or a restart of the machine the number in
 * postmaster.pid may belong to another program. Where the system does not show command lines, a live one is believed.
 */
export const isServerOf = async (pid: number, dataFolder: string): Promise<boolean> => {
  if (!isAlive(pid) || (await isZombie(pid))) return false;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => null);
  if (commandLine === null) return process.platform !== "linux";
  const words = commandLine.split("\0");
  return (words[0] ?? "").endsWith("postgres") && words.includes(dataFolder);
};
