import type { Database } from "#db/database.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import type { EvaluateResult } from "./evaluate.ts";
import { createEvaluator } from "./evaluate.ts";
import type { Lease } from "./lease.ts";
import type { RollupResult } from "./rollup.ts";
import { runRollupOnce } from "./rollup.ts";

export type SloRound = {
  readonly rolled: RollupResult;
  readonly evaluated: EvaluateResult;
  /** True when the next round should follow at once. */
  readonly hasMore: boolean;
};

/**
 * Rollup and evaluation of one leader, in step: what the rollup changed reaches the evaluator, and after a failed rollup,
 * which may be committed in part, the evaluator reads everything anew.
 */
export const createSloLoop = (args: { database: Database; clock: Pick<Clock, "now">; log: Logger }) => {
  const { database, clock, log } = args;
  const evaluator = createEvaluator(args);
  return {
    /** One round; call it about once a second. @throws AppError LEASE_LOST, DATABASE_TIMEOUT, DATABASE_UNREACHABLE. */
    runSloOnce: async (lease: Lease): Promise<SloRound> => {
      const rolled = await runRollupOnce({ database, lease, now: clock.now(), log }).catch((error: unknown) => {
        evaluator.forget();
        throw error;
      });
      const evaluated = await evaluator.runEvaluateOnce(lease, rolled);
      return { rolled, evaluated, hasMore: rolled.hasMore || evaluated.hasMore };
    },
  };
};
