import type { CommandContext, ExitCode } from "#lib/cli/command.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { usageError } from "#lib/cli/usage-error.ts";
import type { FalsePages } from "#lib/core/backtest/false-pages.ts";
import { FALSE_PAGES_GOAL, simulateFalsePages } from "#lib/core/backtest/false-pages.ts";
import { seededRandom } from "#lib/core/backtest/seeded-random.ts";
import { formatDuration, parseDuration } from "#lib/core/duration.ts";
import { objectiveOfPercent } from "#lib/core/slo/objective.ts";
import type { DurationMs } from "#lib/core/units.ts";
import { DAY_MS } from "#lib/core/units.ts";
import { readGuard } from "./read-policy.ts";

/** A year of whole 28-day windows. */
const YEAR_MS = 13 * 28 * DAY_MS;

const OPTIONS = {
  simulate: { type: "boolean" },
  years: { type: "string", default: "100" },
  seed: { type: "string", default: "1" },
  "failure-rate": { type: "string", default: "0.001" },
  interval: { type: "string", default: "30s,1m,5m,15m,30m,1h" },
  objective: { type: "string", default: "99,99.5,99.9" },
  window: { type: "string", default: "28d" },
  "min-bad": { type: "string" },
  json: { type: "boolean", default: false },
} as const;

const refuse = (message: string): never => {
  throw usageError(`backtest --simulate: ${message}`);
};

const numberWithin = (name: string, text: string, [least, most]: readonly [number, number]): number => {
  const value = Number(text);
  return value >= least && value <= most ? value : refuse(`--${name} must be within ${least} and ${most}, got ${text}`);
};

const duration = (text: string): DurationMs =>
  parseDuration(text) ?? refuse(`"${text}" is no duration such as 30s or 28d`);

const objective = (text: string): string => {
  try {
    objectiveOfPercent(text);
    return text;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
};

const readAsk = (args: readonly string[]) => {
  const { values } = readOptions(args, { options: OPTIONS });
  return {
    intervals: values.interval.split(",").map(duration),
    objectives: values.objective.split(",").map(objective),
    windowMs: duration(values.window),
    minBad: values["min-bad"] === undefined ? null : readGuard(values["min-bad"]),
    failureRate: numberWithin("failure-rate", values["failure-rate"], [1e-6, 0.5]),
    years: numberWithin("years", values.years, [0.01, 10_000]),
    seed: numberWithin("seed", values.seed, [0, 2 ** 32 - 1]),
    isJson: values.json,
  };
};

const guardText = ({ pairs }: FalsePages): string =>
  pairs
    .filter((pair) => pair.severity === "page")
    .map((pair) => `${formatDuration(pair.longMs)} ${pair.minBadLong}/${pair.minBadShort}`)
    .join(", ");

const outageText = (cell: FalsePages): string => {
  if (cell.isShortOutagePaged) return "pages";
  return cell.wouldPageWithoutGuard ? "MISSED" : "below the page's burn rate";
};

const HEAD = `| interval | objective | guard of the pages (long/short) | pages in 28 d | tickets in 28 d | page at bad slot | outage of 5 intervals |
|---|---|---|---|---|---|---|
`;

/**
 * `backtest --simulate`: the default policy over years of generated probes, a line of a table for each interval and
 * objective, as soon as it is known. Exit code 1 when any of them misses the goal.
 */
export const runSimulation = async ({ args, stdout, signal }: CommandContext): Promise<ExitCode> => {
  const ask = readAsk(args);
  const { windowMs, minBad, failureRate, years, seed } = ask;
  let missed = 0;
  if (!ask.isJson) stdout.write(HEAD);
  for (const intervalMs of ask.intervals) {
    for (const percent of ask.objectives) {
      // Between two cells a signal can be heard.
      await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) return 1;
      const spanMs = years * YEAR_MS;
      const random = seededRandom(seed);
      const cell = simulateFalsePages({
        intervalMs,
        objective: percent,
        windowMs,
        minBad,
        failureRate,
        spanMs,
        random,
      });
      if (!cell.isGoalMet) missed += 1;
      const interval = formatDuration(intervalMs);
      if (ask.isJson) {
        const { pairs: _pairs, ...facts } = cell;
        stdout.write(`${JSON.stringify({ interval, objective: percent, guard: guardText(cell), ...facts })}\n`);
        continue;
      }
      const found = cell.pageAtFailure === null ? "never" : String(cell.pageAtFailure);
      stdout.write(
        `| ${interval} | ${percent} | ${guardText(cell)} | ${cell.pagesIn28d.toFixed(4)} | ${cell.ticketsIn28d.toFixed(2)} | ${found} | ${outageText(cell)} |\n`,
      );
    }
  }
  const verdict = missed === 0 ? "every line meets the goal" : `${missed} lines miss the goal`;
  if (!ask.isJson) {
    stdout.write(
      `\n${years} years a line, seed ${seed}: ${verdict} of at most ${FALSE_PAGES_GOAL} pages in 28 days.\n`,
    );
  }
  return missed === 0 ? 0 : 1;
};
