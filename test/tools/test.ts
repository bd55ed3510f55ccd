// Every test that needs nothing but what `npm ci` installed. Closes with "N passed, M failed".
import { buildPagesWhenNeeded } from "#lib/cli/start/next-build.ts";
import type { Step, StepResult } from "./steps.ts";
import { ROOT, runStep, UNIT_ARGS } from "./steps.ts";

const PROJECTS = ["unit", "db", "rules", "process", "browser"];
const CLOSING_LINE = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/m;

const vitest = (name: string, args: readonly string[]): Step => ({
  name,
  script: "node_modules/vitest/vitest.mjs",
  args: ["run", ...args, "--reporter", "default", "--reporter", "./test/support/closing-line-reporter.ts"],
});

const projectArgs = (names: readonly string[]): string[] => names.flatMap((name) => ["--project", name]);

/** The chosen tests in one run, with the arguments of the command line. */
const runChosen = async (args: readonly string[]): Promise<void> => {
  const { code } = await runStep(vitest("tests", [...projectArgs(PROJECTS), ...args]), { isQuiet: false });
  process.exitCode = code;
};

/** Waits for minutes of the clock to close and needs next to no processor. */
const WAITING_FILE = "test/process/thread.test.ts";
/** Starts the service again and again. */
const STARTING_FILE = "test/process/life-cycle.test.ts";

/**
 * For two cores, each lane about as long. First what is measured, beside what only waits; then, when nothing is measured
 * any more, what only has to be right.
 */
const LANES: readonly (readonly Step[])[] = [
  [
    vitest("faults", [...projectArgs(["process"]), "--exclude", WAITING_FILE, "--exclude", STARTING_FILE]),
    vitest("unit tests", UNIT_ARGS),
    vitest("database tests", projectArgs(["db", "rules"])),
  ],
  [
    vitest("a service through all stations", [...projectArgs(["process"]), WAITING_FILE]),
    vitest("starts and stops", [...projectArgs(["process"]), STARTING_FILE]),
    vitest("browser tests", projectArgs(["browser"])),
  ],
];

/** Each run's closing line becomes part of the sum. */
const withoutClosing = (text: string): string => text.replace(CLOSING_LINE, "");

/** One run after the other. What each says is shown when it is over, or as it comes. */
const runLane = async (steps: readonly Step[], isShownAtOnce: boolean): Promise<StepResult[]> => {
  const results: StepResult[] = [];
  const show = (text: string): boolean => process.stdout.write(withoutClosing(text));
  for (const step of steps) {
    const result = await runStep(step, { isQuiet: true, ...(isShownAtOnce ? { onOutput: show } : {}) });
    if (!isShownAtOnce) show(`\n${step.name}\n${result.output}`);
    results.push(result);
  }
  return results;
};

/** All tests. What the first lane says is shown as it comes. */
const runAll = async (): Promise<void> => {
  const results = (await Promise.all(LANES.map((steps, index) => runLane(steps, index === 0)))).flat();
  const sums = [0, 0, 0];
  // A run that ended without its line is a failure of its own.
  for (const { output } of results)
    for (const [place, count] of (CLOSING_LINE.exec(output) ?? ["", 0, 1]).slice(1).entries())
      sums[place] = (sums[place] ?? 0) + Number(count ?? 0);
  const [passed, failed, skipped] = sums;
  process.stdout.write(`\n${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}\n`);
  process.exitCode = results.find(({ code }) => code !== 0)?.code ?? 0;
};

// Process and browser tests run the built pages; building once here keeps the wait out of their time limits.
await buildPagesWhenNeeded({ root: ROOT, env: process.env, out: process.stdout, signal: new AbortController().signal });
const chosen = process.argv.slice(2);
await (chosen.length > 0 ? runChosen(chosen) : runAll());
