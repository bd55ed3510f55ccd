import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "#test/support/instance.ts";

const run = promisify(execFile);
const INSTALL_WITHIN_MS = 110_000;

export type NpmTool = { readonly bin: string; readonly why: string; readonly isMissing: boolean };

/**
 * A program of the npm registry that is no dependency of ours: it is put into a folder of its own under node_modules,
 * once. Where that cannot be done the tests are skipped, with the reason in their names.
 */
export const npmTool = async (folder: string, wanted: string, program: string): Promise<NpmTool> => {
  const home = join(ROOT, "node_modules", ".cache", folder);
  const bin = join(home, "node_modules", ".bin", program);
  if (existsSync(bin)) return { bin, why: "", isMissing: false };
  try {
    await mkdir(home, { recursive: true });
    await writeFile(join(home, "package.json"), '{"private":true}\n');
    const args = ["install", "--prefix", home, "--ignore-scripts", "--no-audit", "--no-fund", wanted];
    await run("npm", args, { cwd: home, timeout: INSTALL_WITHIN_MS });
    return { bin, why: "", isMissing: false };
  } catch {
    return { bin, why: ` (skipped: ${wanted} cannot be installed here)`, isMissing: true };
  }
};
