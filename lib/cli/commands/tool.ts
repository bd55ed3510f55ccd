import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Command, CommandContext, ExitCode } from "#lib/cli/command.ts";
import { usageError } from "#lib/cli/usage-error.ts";

/** Scripts of the repository; they need the development packages. */
const TOOLS = {
  verify: "test/tools/verify.ts",
  test: "test/tools/test.ts",
  interop: "test/tools/interop.ts",
  faults: "test/faults/run.ts",
  format: "test/tools/format.ts",
} as const;

const runTool = (file: string, context: CommandContext): Promise<ExitCode> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL(`../../../${file}`, import.meta.url)), ...context.args.slice(1)],
      { stdio: "inherit" },
    );
    context.signal.addEventListener("abort", () => child.kill("SIGTERM"), { once: true });
    child.on("error", reject);
    child.on("exit", (code) => resolve(code === 0 ? 0 : 1));
  });

export const command: Command = {
  summary: "run a script of the repository: verify, test, interop, faults, format (for developers)",
  usage: "Usage: npm run verify | npm test | npm run interop | npm run faults | npm run format",
  run: async (context) => {
    const name = context.args[0] ?? "";
    if (!Object.hasOwn(TOOLS, name)) throw usageError(`there is no tool "${name}"`);
    return runTool(TOOLS[name as keyof typeof TOOLS], context);
  },
};
