import { AppError } from "#lib/core/errors.ts";
import { makeFolders } from "#lib/runtime/make-folders.ts";

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "unknown";

/** Makes the data folder where it is not there. @throws AppError PERMISSION_DENIED, DISK_FULL, with the cure. */
export const makeDataFolder = async (dataDir: string): Promise<void> => {
  try {
    await makeFolders(dataDir, 0o755);
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOSPC")
      throw new AppError("DISK_FULL", `no space is left for ${dataDir}. Free some and start again.`, { cause: error });
    throw new AppError(
      "PERMISSION_DENIED",
      `the data folder ${dataDir} cannot be made (${code}). Choose another: NINES_DATA_DIR=~/nines npm start`,
      { cause: error },
    );
  }
};
