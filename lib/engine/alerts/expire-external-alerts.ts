import type { Database } from "#db/database.ts";
import {
  deleteExternalAlertsBefore,
  endExternalAlert,
  lockInbound,
  readExpiredExternalAlerts,
} from "#db/queries/external-alerts.ts";
import { tellExternalAlert } from "#lib/commands/inbound/tell-external-alert.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";
import type { Lease } from "../lease.ts";
import { assertLease } from "../lease.ts";

const BATCH = 100;
/** As long as deliveries and events are kept. */
const KEPT_MS = 30 * DAY_MS;

/**
 * Ends the firing alerts of other systems of which nothing was heard until they expired (`resolve_timeout`), and forgets
 * those that ended 30 days ago. Returns how many were ended; `hasMore` asks to be called again at once.
 */
export const expireExternalAlerts = async (args: {
  readonly database: Database;
  readonly lease: Lease;
  readonly now: EpochMs;
}): Promise<{ ended: number; hasMore: boolean }> => {
  const { database, lease, now } = args;
  const limit = BATCH;
  const isAny = await database.read((db) => readExpiredExternalAlerts(db, { now, limit: 1 }));
  if (isAny.length === 0) return { ended: 0, hasMore: false };
  return database.transaction(async (tx) => {
    await assertLease(tx, lease);
    await lockInbound(tx);
    const expired = await readExpiredExternalAlerts(tx, { now, limit });
    for (const { id, expiresAt } of expired) {
      const ended = await endExternalAlert(tx, { id, endsAt: expiresAt, reason: "timeout", heardAt: null });
      if (ended !== null) await tellExternalAlert(tx, ended, { now });
    }
    return { ended: expired.length, hasMore: expired.length === limit };
  });
};

/** Forgets what ended 30 days ago, at most 1,000 at a time. */
export const forgetExternalAlerts = (args: {
  readonly database: Database;
  readonly lease: Lease;
  readonly now: EpochMs;
}): Promise<number> =>
  args.database.transaction(async (tx) => {
    await assertLease(tx, args.lease);
    return deleteExternalAlertsBefore(tx, { before: addMs(args.now, -KEPT_MS), limit: 1_000 });
  });
