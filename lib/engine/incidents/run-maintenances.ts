import type { Database } from "#db/database.ts";
import { advanceMaintenances } from "#lib/commands/maintenances/advance-maintenances.ts";
import { storeOccurrences } from "#lib/commands/maintenances/store-occurrences.ts";
import { SECOND_MS } from "#lib/core/units.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { runLoop } from "#lib/runtime/run-loop.ts";
import type { Lease } from "../lease.ts";
import { assertLease } from "../lease.ts";

const EXPAND_EVERY_MS = 60 * SECOND_MS;
const ADVANCE_EVERY_MS = SECOND_MS;

export type MaintenanceLoopArgs = {
  readonly database: Database;
  readonly lease: Lease;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
};

/** Begins, ends and reminds of what is due, once, in one transaction under the lease. Returns how many changes there were. */
export const advanceOnce = ({ database, lease, clock }: Pick<MaintenanceLoopArgs, "database" | "lease" | "clock">) =>
  database.transaction(async (tx) => {
    await assertLease(tx, lease);
    return advanceMaintenances(tx, clock.now());
  });

/** What the leader does for planned work: occurrences of rules within the horizon, and their beginnings, ends and reminders. */
export const runMaintenances = async (args: MaintenanceLoopArgs): Promise<void> => {
  const { database, lease, clock, log, signal } = args;
  const loop = (what: string, intervalMs: number, work: () => Promise<unknown>): Promise<void> =>
    runLoop({
      intervalMs,
      work: async () => void (await work()),
      onError: (error) => log.warn({ error }, `${what}; trying again`),
      clock,
      signal,
    });
  await Promise.all([
    loop("maintenance could not be expanded", EXPAND_EVERY_MS, () =>
      database.transaction(async (tx) => {
        await assertLease(tx, lease);
        return storeOccurrences(tx, clock.now());
      }),
    ),
    loop("maintenance could not be begun or ended", ADVANCE_EVERY_MS, () => advanceOnce(args)),
  ]);
};
