import type { Database } from "#db/database.ts";
import { openDatabase } from "#db/database.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import { gauge, histogram } from "#lib/runtime/metrics.ts";

/**
 * Opens a role's database, with the time that reads and transactions take, the wait for a connection of the pool
 * included, and how many are under way at once.
 */
export const openMeasuredDatabase = (
  args: { readonly url: string; readonly applicationName: string },
  clock: Pick<Clock, "monotonicMs">,
): Database => {
  const database = openDatabase(args);
  const durations = histogram({
    name: "nines_database_work_duration_seconds",
    help: "Time of reads and transactions, from the asking on, by how they ended.",
    labels: ["kind", "outcome"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  });
  const underWay = gauge({
    name: "nines_database_work_under_way",
    help: "Reads and transactions that have not ended.",
  });
  const measure = async <T>(kind: "read" | "transaction", work: () => Promise<T>): Promise<T> => {
    const startedMs = clock.monotonicMs();
    underWay.inc();
    const note = (outcome: string): void => {
      underWay.dec();
      durations.observe({ kind, outcome }, (clock.monotonicMs() - startedMs) / 1_000);
    };
    try {
      const result = await work();
      note("ok");
      return result;
    } catch (error) {
      note(errorCodeOf(error) ?? "other");
      throw error;
    }
  };
  return {
    ...database,
    read: (work, options) => measure("read", () => database.read(work, options)),
    transaction: (work, options) => measure("transaction", () => database.transaction(work, options)),
  };
};
