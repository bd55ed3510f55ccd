import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/**
 * Makes a folder and those above it, one after another. Not by `mkdir` with `recursive`: under a folder that says of every
 * new name that it does not exist, as /proc does, that tries for ever. @throws what the system says.
 */
export const makeFolders = async (path: string, mode: number): Promise<void> => {
  const parent = dirname(path);
  const isParentMissing = await stat(parent).then(
    () => false,
    (error: unknown) => codeOf(error) === "ENOENT",
  );
  if (isParentMissing && parent !== path) await makeFolders(parent, mode);
  await mkdir(path, { mode }).catch(async (error: unknown) => {
    if (codeOf(error) !== "EEXIST" || !(await stat(path)).isDirectory()) throw error;
  });
};
