import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Vitest's arguments for unit tests. They wait half of their time, so that two at once fit beside what else runs. */
export const UNIT_ARGS = ["--project", "unit", "--maxWorkers", String(Math.max(2, availableParallelism() - 1))];

/** One program of a check: its name for people, the script, from the root of the project, its arguments. */
export type Step = { readonly name: string; readonly script: string; readonly args: readonly string[] };

export type StepResult = {
  readonly step: Step;
  readonly code: number;
  readonly output: string;
  readonly seconds: number;
};

type StepOptions = {
  /** Its output is kept for the end. */
  readonly isQuiet: boolean;
  /** Told of kept output as it comes. */
  readonly onOutput?: (text: string) => void;
};

/** Runs a script on this Node. */
export const runStep = (step: Step, options: StepOptions): Promise<StepResult> =>
  new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(process.execPath, [join(ROOT, step.script), ...step.args], {
      cwd: ROOT,
      stdio: ["ignore", options.isQuiet ? "pipe" : "inherit", options.isQuiet ? "pipe" : "inherit"],
      env: {
        ...process.env,
        ...(options.isQuiet ? { NO_COLOR: "1" } : {}),
        PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ""}`,
      },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk: Buffer) => {
        const text = chunk.toString();
        output += text;
        options.onOutput?.(text);
      });
    child.on("error", reject);
    child.on("exit", (code) =>
      resolve({ step, code: code ?? 1, output, seconds: (performance.now() - startedAt) / 1_000 }),
    );
  });
