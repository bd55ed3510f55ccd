import { existsSync } from "node:fs";
import { join } from "node:path";

export type OtherPostgres = { readonly folder: string; readonly majorVersion: string };

/** Debian's place for a major version's programs, or null when it is not installed. */
export const findPostgres = (majorVersion: string): OtherPostgres | null => {
  const folder = `/usr/lib/postgresql/${majorVersion}`;
  return existsSync(join(folder, "bin", "initdb")) ? { folder, majorVersion } : null;
};
