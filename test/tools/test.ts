// Every test that needs nothing but what `npm ci` installed. Closes with "N passed, M failed".
import { buildPagesWhenNeeded } from "#lib/cli/start/next-build.ts";
import { ROOT, runStep } from "./steps.ts";

// Process and browser tests run the built pages; building once here keeps the wait out of their time limits.
await buildPagesWhenNeeded({ root: ROOT, env: process.env, out: process.stdout, signal: new AbortController().signal });
const projects = ["unit", "db", "rules", "process", "browser"];
const result = await runStep(
  {
    name: "tests",
    script: "node_modules/vitest/vitest.mjs",
    args: [
      "run",
      ...projects.flatMap((name) => ["--project", name]),
      "--reporter",
      "default",
      "--reporter",
      "./test/support/closing-line-reporter.ts",
      ...process.argv.slice(2),
    ],
  },
  { isQuiet: false },
);
process.exitCode = result.code;
