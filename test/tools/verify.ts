// Format, lint, types, import rules, unit tests: everything that needs no database. About a minute, less the next time.
import type { Step, StepResult } from "./steps.ts";
import { runStep, UNIT_ARGS } from "./steps.ts";

const VITEST = "node_modules/vitest/vitest.mjs";
/** The end of a failed step says what failed. */
const MOST_OUTPUT = 12_000;
/** Two lanes for two cores. */
const LANES: readonly (readonly Step[])[] = [
  [
    { name: "unit tests", script: VITEST, args: ["run", ...UNIT_ARGS, "--reporter", "default"] },
    {
      name: "import rules",
      script: "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs",
      args: ["--config", ".dependency-cruiser.cjs", "app", "lib", "probes", "db"],
    },
    { name: "format", script: "node_modules/@biomejs/biome/bin/biome", args: ["check", "."] },
  ],
  [{ name: "lint and types", script: "test/tools/lint-and-types.ts", args: [] }],
];

const report = ({ step, code, output, seconds }: StepResult): void => {
  process.stdout.write(`${code === 0 ? "ok  " : "FAIL"} ${step.name} (${seconds.toFixed(1)} s)\n`);
  if (code !== 0) process.stdout.write(`${output.slice(-MOST_OUTPUT)}\n`);
};

const runLane = async (steps: readonly Step[]): Promise<boolean> => {
  let isFine = true;
  for (const step of steps) {
    const result = await runStep(step, { isQuiet: true });
    report(result);
    isFine &&= result.code === 0;
  }
  return isFine;
};

const lanes = await Promise.all(LANES.map(runLane));
process.exitCode = lanes.every(Boolean) ? 0 : 1;
