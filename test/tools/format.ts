import { runStep } from "./steps.ts";

const result = await runStep(
  { name: "format", script: "node_modules/@biomejs/biome/bin/biome", args: ["check", "--write", "."] },
  { isQuiet: false },
);
process.exitCode = result.code;
