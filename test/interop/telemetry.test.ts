import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT, startInstance, temporaryFolder } from "#test/support/instance.ts";
import { waitFor } from "#test/support/wait-for.ts";

const PROGRAM = "/usr/bin/promtool";
const isMissing = !existsSync(PROGRAM);
const why = isMissing ? " (skipped: promtool is not installed)" : "";

const promtool = (args: readonly string[], input = "") =>
  spawnSync(PROGRAM, args, { input, encoding: "utf8", timeout: 30_000 });

describe.skipIf(isMissing)(`telemetry of ourselves${why}`, () => {
  test("the shipped alert rules are ones that Prometheus takes", () => {
    const { status, stdout, stderr } = promtool(["check", "rules", join(ROOT, "docs", "telemetry", "alerts.yaml")]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("10 rules found");
  });

  test("every metric of the dashboard and of the rules is one that a running service has, and promtool finds no fault in them", async () => {
    const folder = await temporaryFolder("telemetry");
    const instance = await startInstance({ dataDir: join(folder.path, "data") });
    try {
      const texts = await Promise.all(
        ["grafana.json", "alerts.yaml"].map((name) => readFile(join(ROOT, "docs", "telemetry", name), "utf8")),
      );
      const named = new Set(
        texts
          .flatMap((text) => text.match(/\bnines_[a-z0-9_]+/g) ?? [])
          .map((name) => name.replace(/_(bucket|count|sum)$/, "")),
      );
      expect(named.size).toBeGreaterThan(15);
      const missing = async (): Promise<string[]> => {
        const { text } = await instance.get("/metrics");
        return [...named].filter((name) => !text.includes(`# TYPE ${name} `));
      };
      await waitFor("all metrics to exist", async () => (await missing()).length === 0, {
        deadlineMs: 60_000,
        everyMs: 500,
      }).catch(async () => expect(await missing()).toEqual([]));
      const { text } = await instance.get("/metrics");
      const { stderr } = promtool(["check", "metrics"], text);
      // Sloth's own names have colons, which promtool would leave to recording rules.
      expect(stderr.split("\n").filter((line) => line !== "" && !line.startsWith("slo:"))).toEqual([]);
    } finally {
      await instance.stop();
      await folder.remove();
    }
  });
});
