import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT, temporaryFolder } from "#test/support/instance.ts";

const PROGRAM = "/usr/bin/systemd-analyze";
const isMissing = !existsSync(PROGRAM);
const why = isMissing ? " (skipped: systemd-analyze is not installed)" : "";

describe.skipIf(isMissing)(`the systemd units${why}`, () => {
  test.each(["nines.service", "nines-agent.service"])("%s is understood to the last line", async (name) => {
    const folder = await temporaryFolder("units");
    try {
      const unit = await readFile(join(ROOT, "docs", "deploy", name), "utf8");
      // The program and the folder of this machine stand for those of the sample.
      const here = unit.replaceAll("/usr/bin/node", process.execPath).replaceAll("/opt/nines", ROOT);
      const path = join(folder.path, name);
      await writeFile(path, here);
      const { status, stderr } = spawnSync(PROGRAM, ["verify", path], { encoding: "utf8", timeout: 30_000 });
      const about = stderr.split("\n").filter((line) => line.includes(name));
      expect({ status, about }).toEqual({ status: 0, about: [] });
    } finally {
      await folder.remove();
    }
  });
});
