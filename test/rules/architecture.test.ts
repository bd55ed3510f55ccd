import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { ROOT } from "../tools/steps.ts";

type Violation = { readonly from: string; readonly to: string; readonly rule: { readonly name: string } };
type Cruise = { readonly summary: { readonly violations: readonly Violation[]; readonly totalCruised: number } };

const cruise = async (cwd: string): Promise<Cruise> => {
  const script = join(ROOT, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
  const args = [
    script,
    "--config",
    join(ROOT, ".dependency-cruiser.cjs"),
    "--output-type",
    "json",
    "app",
    "lib",
    "probes",
    "db",
  ];
  // The exit code counts violations; the JSON on standard output is what is judged.
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, maxBuffer: 64e6 }).catch(
    (error: { stdout: string }) => error,
  );
  return JSON.parse(stdout) as Cruise;
};

const named = (cruised: Cruise): string[] =>
  [...new Set(cruised.summary.violations.map((found) => `${found.rule.name}: ${found.from} -> ${found.to}`))].sort();

test("every import in the product follows the rule of the layers", async () => {
  const cruised = await cruise(ROOT);
  expect(named(cruised)).toEqual([]);
  // A cruise that sees no files passes too; this one saw the product.
  expect(cruised.summary.totalCruised).toBeGreaterThan(150);
});

test("each forbidden import of the fixture is found, by alias, by relative type import, by module of Node and by cycle", async () => {
  expect(named(await cruise(join(ROOT, "test/rules/fixture")))).toEqual([
    "client-components-reach-no-data: app/chart.client.tsx -> db/two.ts",
    "layer:app: app/chart.client.tsx -> db/two.ts",
    "layer:lib/core: lib/core/bad.ts -> fs",
    "layer:lib/core: lib/core/bad.ts -> lib/web/thing.ts",
    "layer:lib/read: lib/read/read.ts -> lib/cli/command.ts",
    "layer:lib/read: lib/read/read.ts -> probes/run.ts",
    "layer:lib/web: lib/web/thing.ts -> db/two.ts",
    "layer:probes: probes/run.ts -> db/two.ts",
    "no-cycles: db/loop.ts -> db/two.ts",
    "only-the-cli-composes: lib/read/read.ts -> lib/cli/command.ts",
  ]);
});
