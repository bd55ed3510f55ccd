import type { Database } from "#db/database.ts";
import { readSlosWithReadings } from "#db/queries/slo-dashboard.ts";
import { decimalText, instantText } from "#lib/contracts/api.ts";
import type { BacktestResource } from "#lib/contracts/slo-analyses.ts";
import { pairResource, windowResource } from "#lib/contracts/slo-parts.ts";
import { AppError } from "#lib/core/errors.ts";
import type { DurationMs, EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";
import { answersFrom } from "../answer-cache.ts";
import type { Backtest, BacktestAsk } from "../backtest.ts";
import { backtestSlo } from "../backtest.ts";

const LONGEST_MS = 92 * DAY_MS;
const DEFAULT_MS = 28 * DAY_MS;

export type BacktestQuery = {
  readonly objective?: string | undefined;
  readonly window?: DurationMs | undefined;
  /** `3/2`: in the long and in the short window. */
  readonly minBad?: string | undefined;
  readonly policy?: "own" | "default" | "pages" | undefined;
  readonly from?: EpochMs | undefined;
  readonly to?: EpochMs | undefined;
};

const orNull = (at: EpochMs | null): string | null => (at === null ? null : instantText(at));

const resourceOf = (answer: Backtest): BacktestResource => {
  const { budget } = answer;
  const { lowest } = budget;
  return {
    sloId: answer.sloId,
    from: instantText(answer.from),
    to: instantText(answer.until),
    dataFrom: orNull(answer.oldest),
    objective: answer.objective,
    window: windowResource(answer.window),
    pairs: answer.pairs.map(pairResource),
    alerts: answer.alerts.map(({ pairId, severity, firedAt, resolvedAt, reason }) => ({
      pair: pairId,
      severity,
      firedAt: instantText(firedAt),
      resolvedAt: orNull(resolvedAt),
      reason,
    })),
    happened: answer.past.map(({ id, pairId, severity, firedAt, resolvedAt, reason }) => ({
      id,
      pair: pairId,
      severity,
      firedAt: instantText(firedAt),
      resolvedAt: orNull(resolvedAt),
      reason,
    })),
    comparison: [...answer.comparison],
    budget: {
      bad: budget.bad,
      total: budget.total,
      consumedRatio: decimalText(budget.consumed),
      remainingRatio: decimalText(budget.remaining),
      lowest:
        lowest === null ? null : { at: instantText(lowest.at), remainingRatio: decimalText(lowest.remaining) ?? "0" },
      exhaustedAt: orNull(budget.exhaustedAt),
    },
  };
};

/** The span that is asked for, to the newest evaluated minute at most. @throws AppError INVALID_REQUEST */
const spanOf = ({ from, to }: BacktestQuery, evaluatedAt: EpochMs): { from: EpochMs; until: EpochMs } => {
  const until = to === undefined || to > evaluatedAt ? evaluatedAt : to;
  const start = from ?? addMs(until, -DEFAULT_MS);
  if (start >= until) throw new AppError("INVALID_REQUEST", "nothing was evaluated between from and to");
  if (until - start > LONGEST_MS) throw new AppError("INVALID_REQUEST", "a backtest covers 92 days at most");
  return { from: start, until };
};

const askOf = (sloId: string, query: BacktestQuery, span: { from: EpochMs; until: EpochMs }): BacktestAsk => {
  const { objective, window, minBad, policy } = query;
  const [long, short] = (minBad ?? "").split("/").map(Number);
  return {
    sloId,
    ...span,
    ...(objective === undefined ? {} : { objective }),
    ...(window === undefined ? {} : { windowMs: window }),
    ...(policy === "default" ? { isDefaultPolicy: true } : {}),
    ...(policy === "pages" ? { severity: "page" as const } : {}),
    ...(long === undefined || short === undefined ? {} : { guard: { long, short } }),
  };
};

/**
 * What would have fired of an SLO under other terms.
 * @throws AppError NOT_FOUND; INVALID_REQUEST for an empty or too long span; NOT_READY before the first evaluation, or
 * when too many were worked out within a minute.
 */
export const getBacktest = async (
  database: Database,
  { id, ...query }: BacktestQuery & { readonly id: string },
  now: EpochMs,
): Promise<BacktestResource> => {
  const [slo] = await database.read((db) => readSlosWithReadings(db, id));
  if (slo === undefined) throw new AppError("NOT_FOUND", "there is no SLO with this id");
  const { evaluatedAt } = slo;
  if (evaluatedAt === null) throw new AppError("NOT_READY", "the objective has not been evaluated yet");
  const ask = askOf(id, query, spanOf(query, evaluatedAt));
  const key = `backtest ${slo.version} ${JSON.stringify(ask)}`;
  return answersFrom(database).answer({ key, cost: 5, now }, async () => {
    const answer = await backtestSlo(database, ask);
    if (answer === null) throw new AppError("NOT_FOUND", "there is no SLO with this id");
    return resourceOf(answer);
  });
};
