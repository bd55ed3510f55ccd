import type { Database } from "#db/database.ts";
import type { CommandContext, ExitCode } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { usageError } from "#lib/cli/usage-error.ts";
import type { Quorum } from "#lib/core/backtest/quorum.ts";
import { parseQuorum, ruleOfQuorum } from "#lib/core/backtest/quorum.ts";
import { parseDuration } from "#lib/core/duration.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import { recountHours } from "#lib/engine/rollup/recount.ts";
import type { BacktestAsk, ReadHours } from "#lib/read/backtest.ts";
import { backtestSlo } from "#lib/read/backtest.ts";
import { readGuard, readPolicy } from "./read-policy.ts";
import { backtestJson, backtestText } from "./show-backtest.ts";

const OPTIONS = {
  slo: { type: "string" },
  objective: { type: "string" },
  window: { type: "string" },
  policy: { type: "string" },
  "min-bad": { type: "string" },
  quorum: { type: "string" },
  from: { type: "string" },
  to: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

const refuse = (message: string): never => {
  throw usageError(`backtest --slo: ${message}`);
};

const instant = (name: string, text: string): EpochMs => {
  const at = Date.parse(text);
  return Number.isNaN(at)
    ? refuse(`--${name} must be a date or an instant such as 2026-11-01T00:00:00Z, got "${text}"`)
    : epochMs(at);
};

const duration = (text: string) =>
  parseDuration(text) ?? refuse(`--window must be a duration such as 30d, got "${text}"`);

const readAsk = (args: readonly string[]): { ask: BacktestAsk; quorum: Quorum | null; isJson: boolean } => {
  const { values } = readOptions(args, { options: OPTIONS });
  const { slo, objective, window, policy, from, to, quorum } = values;
  const guard = values["min-bad"];
  // Judged without an interval first, so that a slip is found before the database is asked.
  if (policy !== undefined) readPolicy(policy, 0 as never);
  const ask: BacktestAsk = {
    sloId: slo ?? refuse("name an SLO"),
    ...(objective === undefined ? {} : { objective }),
    ...(window === undefined ? {} : { windowMs: duration(window) }),
    ...(policy === undefined ? {} : { policy: (intervalMs) => readPolicy(policy, intervalMs) }),
    ...(guard === undefined ? {} : { guard: readGuard(guard) }),
    ...(from === undefined ? {} : { from: instant("from", from) }),
    ...(to === undefined ? {} : { until: instant("to", to) }),
  };
  const known = quorum === undefined ? null : parseQuorum(quorum);
  if (quorum !== undefined && known === null) refuse(`--quorum must be majority, any, all or a count, got "${quorum}"`);
  return { ask, quorum: known, isJson: values.json };
};

/** Slots of another quorum, from raw runs. */
const hoursOf =
  (database: Database, quorum: Quorum, noteFrom: (from: EpochMs | null) => void): ReadHours =>
  async (slo, span) => {
    const { hours, from } = await recountHours(database, { slo, ...span, rule: ruleOfQuorum(quorum) });
    noteFrom(from);
    return hours;
  };

/** `backtest --slo`: what is stored of an SLO under other terms, beside what happened. */
export const runStoredBacktest = async (context: CommandContext): Promise<ExitCode> => {
  const { ask, quorum, isJson } = readAsk(context.args);
  const countedFrom: { value: EpochMs | null | undefined } = { value: undefined };
  const answer = await withDatabase(context, async (database) => {
    try {
      if (quorum === null) return await backtestSlo(database, ask);
      const noteFrom = (from: EpochMs | null): void => {
        countedFrom.value = from;
      };
      return await backtestSlo(database, ask, hoursOf(database, quorum, noteFrom));
    } catch (error) {
      if (error instanceof RangeError) return refuse(error.message);
      throw error;
    }
  });
  if (answer === null) {
    throw new AppError("NOT_FOUND", `no SLO "${ask.sloId}" is in force, or it has not been evaluated yet`);
  }
  const note = { quorum: quorum ?? ("majority" as const), countedFrom: countedFrom.value ?? null };
  context.stdout.write(isJson ? `${JSON.stringify(backtestJson(answer, note))}\n` : backtestText(answer, note));
  return 0;
};
