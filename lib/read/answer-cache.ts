import type { Database } from "#db/database.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, MINUTE_MS } from "#lib/core/units.ts";

/** Answers kept at once; the oldest go first. */
const MOST_KEPT = 500;
/** What may be worked out anew within a minute. A backtest costs 5, some 100 ms of the processor. */
const MOST_COST_A_MINUTE = 150;

export type AnswerAsk = {
  /** Everything that the answer depends on. */
  readonly key: string;
  readonly cost: number;
  readonly now: EpochMs;
};

export type AnswerCache = {
  /**
   * The answer to `key`, worked out at most once a minute; who asks meanwhile waits for the same one.
   * @throws AppError NOT_READY when too much was worked out within the last minute; what `work` throws, which is not kept.
   */
  readonly answer: <T>(ask: AnswerAsk, work: () => Promise<T>) => Promise<T>;
};

type Kept = { readonly answer: Promise<unknown>; readonly until: EpochMs };

/** Bounds what answers for everybody may cost: what is asked again is kept, and what is new has a budget. */
export const createAnswerCache = (): AnswerCache => {
  const kept = new Map<string, Kept>();
  let spent: { cost: number; since: EpochMs } | null = null;
  const spend = (cost: number, now: EpochMs): void => {
    if (spent === null || now >= addMs(spent.since, MINUTE_MS) || now < spent.since) spent = { cost: 0, since: now };
    if (spent.cost + cost > MOST_COST_A_MINUTE) {
      throw new AppError("NOT_READY", "too many of these answers were worked out; try again in a minute");
    }
    spent.cost += cost;
  };
  return {
    answer: <T>({ key, cost, now }: AnswerAsk, work: () => Promise<T>): Promise<T> => {
      const known = kept.get(key);
      if (known !== undefined && now < known.until) return known.answer as Promise<T>;
      spend(cost, now);
      const answer = work();
      const entry = { answer, until: addMs(now, MINUTE_MS) };
      kept.delete(key);
      kept.set(key, entry);
      answer.catch(() => {
        if (kept.get(key) === entry) kept.delete(key);
      });
      const oldest = kept.keys().next().value;
      if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
      return answer;
    },
  };
};

const caches = new WeakMap<Database, AnswerCache>();

/** The cache of this process for answers from a database. */
export const answersFrom = (database: Database): AnswerCache => {
  const known = caches.get(database) ?? createAnswerCache();
  caches.set(database, known);
  return known;
};
