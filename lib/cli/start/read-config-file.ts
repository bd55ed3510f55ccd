import { MAX_FILE_BYTES } from "#lib/config/decode-text.ts";
import type { ConfigResult } from "#lib/config/load-config.ts";
import { loadConfig } from "#lib/config/load-config.ts";
import { readCapped } from "#lib/config/read-capped.ts";
import { AppError } from "#lib/core/errors.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";

/** Reads and checks a configuration file. @throws AppError CONFIG_UNREADABLE */
export const loadConfigFile = async (
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ConfigResult> => {
  let bytes: Uint8Array;
  try {
    bytes = await readCapped(path, MAX_FILE_BYTES);
  } catch (error) {
    throw new AppError(
      "CONFIG_UNREADABLE",
      `${path} cannot be read (${(error as NodeJS.ErrnoException).code}). Check the name and its permissions, or name another file with --config.`,
      { cause: error },
    );
  }
  return loadConfig({ bytes, env, judgeUrl });
};

/** As `loadConfigFile`; a file with faults is an error that lists them all. @throws AppError CONFIG_INVALID, CONFIG_UNREADABLE */
export const readConfigFile = async (path: string, env: Readonly<Record<string, string | undefined>>) => {
  const result = await loadConfigFile(path, env);
  if (result.ok) return result.config;
  const lines = result.errors.map(
    (fault) =>
      `  ${fault.line === undefined ? "" : `line ${fault.line}: `}${fault.path === "" ? "" : `${fault.path}: `}${fault.message}`,
  );
  throw new AppError(
    "CONFIG_INVALID",
    `${path} has ${result.errors.length === 1 ? "a fault" : `${result.errors.length} faults`}:\n${lines.join("\n")}`,
  );
};
