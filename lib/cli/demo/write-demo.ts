import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { demoConfig } from "#lib/cli/demo/config.ts";
import type { DemoPorts } from "#lib/cli/demo/targets.ts";
import { writeFileAtomic } from "#lib/runtime/write-file-atomic.ts";

/** Writes the demonstration's configuration with its ports of today; the webhook secret stays the same. Returns its path. */
export const writeDemo = async (dataDir: string, ports: DemoPorts): Promise<string> => {
  const path = join(dataDir, "demo.yaml");
  const before = await readFile(path, "utf8").catch(() => "");
  const secret = /whsec_[A-Za-z0-9+/=]+/.exec(before)?.[0] ?? `whsec_${randomBytes(32).toString("base64")}`;
  await writeFileAtomic(path, demoConfig(ports, secret), { mode: 0o600 });
  return path;
};
