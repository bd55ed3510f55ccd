import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import type { Command, ExitCode } from "#lib/cli/command.ts";
import type { SloCase } from "#lib/core/slo/case.ts";
import { evaluateCase } from "#lib/core/slo/case.ts";
import { parseFraction } from "#lib/core/slo/fraction.ts";
import { objectiveOfShare } from "#lib/core/slo/objective.ts";

const USAGE = `nines backtest --case FILE...
       nines backtest --slo ID [--objective 99.95] [--window 30d] [--policy 1h:5m:14.4,6h:30m:6] [--min-bad 3/2]
                      [--quorum majority|any|all|N] [--from T] [--to T] [--json]
       nines backtest --simulate [--years 100] [--seed 1] [--interval 30s,1m] [--objective 99.9] [--min-bad 3/2] [--json]`;

/** A year of minutes and a bit: more is a mistake, not a case. */
const MAX_MINUTE = 600_000;

const Minute = z.int().min(0).max(MAX_MINUTE);
const Count = z.int().nonnegative();
const SeriesRow = z
  .tuple([Minute, z.int().min(0).max(MAX_MINUTE), Count, Count])
  .refine(([, , good, total]) => good <= total, { error: "good per minute is above total per minute" });

const CaseFile = z.object({
  name: z.string().min(1),
  objective: z.number().optional(),
  objective_exact: z.string().optional(),
  step_seconds: z.literal(60, { error: "only steps of 60 seconds are known" }).default(60),
  first_minute: Minute.default(0),
  end_minute: Minute,
  series: z.array(SeriesRow),
  exclusions_half_open_minutes: z.array(z.tuple([z.int(), z.int()])).default([]),
  evaluate: z
    .object({
      sample_minutes: z.array(Minute).default([]),
      budget: z.array(z.object({ minute: Minute, window_days: z.number().positive().max(400) })).default([]),
      timeslices: z
        .array(z.object({ slice_minutes: z.int().positive(), slice_target: z.number().min(0).max(1) }))
        .default([]),
      guards: z.array(Count).default([]),
    })
    .default({ sample_minutes: [], budget: [], timeslices: [], guards: [] }),
});

const reasonOf = (error: z.ZodError): string =>
  error.issues.map((issue) => `${issue.path.join(".") || "(file)"}: ${issue.message}`).join("; ");

/**
 * Reads a case from JSON text; `expected` is never looked at.
 * @throws RangeError with a message for people when the text is no case.
 */
export const parseCase = (text: string): SloCase => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new RangeError(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = CaseFile.safeParse(json);
  if (!parsed.success) throw new RangeError(reasonOf(parsed.error));
  const file = parsed.data;
  const share = file.objective_exact ?? file.objective?.toString();
  if (share === undefined) throw new RangeError('objective_exact: a decimal share such as "0.999" is required');
  return {
    name: file.name,
    objective: objectiveOfShare(share),
    firstMinute: file.first_minute,
    endMinute: file.end_minute,
    series: file.series,
    exclusions: file.exclusions_half_open_minutes,
    sampleMinutes: file.evaluate.sample_minutes,
    budgets: file.evaluate.budget.map((ask) => ({ minute: ask.minute, windowDays: ask.window_days })),
    timeslices: file.evaluate.timeslices.map((ask) => {
      const target = parseFraction(ask.slice_target.toString());
      if (target === null) throw new RangeError(`slice_target: ${ask.slice_target} has too many digits`);
      return { sliceMinutes: ask.slice_minutes, targetNumber: ask.slice_target, target };
    }),
    guards: file.evaluate.guards,
  };
};

const readText = async (file: string): Promise<string> => {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new RangeError(code === "ENOENT" ? "no such file" : `cannot be read (${code})`);
  }
};

const filesOf = (args: readonly string[]): string[] => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { case: { type: "string", multiple: true }, json: { type: "boolean" } },
    allowPositionals: true,
  });
  // `--case a.json b.json` names two files: the shell expands a pattern after the flag.
  return [...(values.case ?? []), ...(values.case === undefined ? [] : positionals)];
};

export const command: Command = {
  summary: "play stored, recorded or simulated minutes through the SLO engine: which alerts, when, how much budget",
  usage: `Usage: ${USAGE}

--case      recorded minutes: one JSON line a file with name, alerts, alerts_28d_policy, samples, budgets, timeslice_budget
--slo       what is stored of an SLO, under another objective, window, policy, guard or quorum, beside what happened
--simulate  the default policy over years of generated probes that fail by chance: how often it pages for nothing`,
  run: async (context): Promise<ExitCode> => {
    const { args, stdout, stderr, signal } = context;
    const isAsked = (name: string): boolean => args.some((arg) => arg === name || arg.startsWith(`${name}=`));
    if (isAsked("--simulate")) return (await import("#lib/cli/backtest/simulate.ts")).runSimulation(context);
    if (isAsked("--slo")) return (await import("#lib/cli/backtest/stored.ts")).runStoredBacktest(context);
    let files: string[];
    try {
      files = filesOf(args);
    } catch (error) {
      stderr.write(`backtest: ${error instanceof Error ? error.message : String(error)}\nusage: ${USAGE}\n`);
      return 2;
    }
    if (files.length === 0) {
      stderr.write(`backtest: give --case FILE, --slo ID or --simulate\nusage: ${USAGE}\n`);
      return 2;
    }
    let exitCode: ExitCode = 0;
    for (const file of files) {
      if (signal.aborted) break;
      try {
        stdout.write(`${JSON.stringify(evaluateCase(parseCase(await readText(file))))}\n`);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        stderr.write(`backtest: ${file}: ${error.message}\n`);
        exitCode = 1;
      }
    }
    return exitCode;
  },
};
