import { randomBytes } from "node:crypto";
import type { Database } from "#db/database.ts";
import { readLastRoundAt } from "#db/queries/reconcile.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { addMs, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";
import type { CallerDeps } from "#lib/egress/call.ts";
import { runLoop } from "#lib/runtime/run-loop.ts";
import { runDeadMan } from "./alerts/dead-man.ts";
import { expireExternalAlerts, forgetExternalAlerts } from "./alerts/expire-external-alerts.ts";
import { measureIncidentCosts } from "./incidents/incident-costs.ts";
import { settleIncidents } from "./incidents/settle-incidents.ts";
import { runJobLoops } from "./jobs/run-job-loops.ts";
import type { Lease } from "./lease.ts";
import { mismatchesGauge, reconcileOnce } from "./reconcile/reconcile.ts";

const EXPIRE_EVERY_MS = 5_000;
const INCIDENTS_EVERY_MS = 1_000;
const FORGET_EVERY_MS = 10 * MINUTE_MS;
const RECONCILE_EVERY_MS = HOUR_MS;
/** What waited while nobody led is caught up first, so that it is not told of as lost. */
const CATCH_UP_MS = 5 * MINUTE_MS;

export type SideLoopsArgs = {
  readonly database: Database;
  readonly lease: Lease;
  readonly secretBox: SecretBox;
  readonly deps: CallerDeps;
  readonly signal: AbortSignal;
};

/** What the leader does beside measuring and alerting: alerts of other systems, the outside watcher, reconciliation. */
export const runSideLoops = async ({ database, lease, secretBox, deps, signal }: SideLoopsArgs): Promise<void> => {
  const { clock, log } = deps;
  const loop = (what: string, intervalMs: number, work: () => Promise<void>): Promise<void> =>
    runLoop({ intervalMs, work, onError: (error) => log.warn({ error }, `${what}; trying again`), clock, signal });
  const expire = async (): Promise<void> => {
    let hasMore = true;
    while (hasMore && !signal.aborted)
      ({ hasMore } = await expireExternalAlerts({ database, lease, now: clock.now() }));
  };
  const leadsSinceMs = clock.monotonicMs();
  // The newest round is in the database, so that a change of the leader neither skips nor doubles one.
  mismatchesGauge();
  const reconcile = async (): Promise<void> => {
    if (clock.monotonicMs() - leadsSinceMs < CATCH_UP_MS) return;
    const last = await database.read(readLastRoundAt);
    if (last !== null && addMs(last, RECONCILE_EVERY_MS) > clock.now()) return;
    await reconcileOnce({ database, holder: lease.holder, deps, secretBox, signal });
  };
  await Promise.all([
    loop("alerts of other systems could not be ended", EXPIRE_EVERY_MS, expire),
    loop("old alerts of other systems could not be forgotten", FORGET_EVERY_MS, async () => {
      await forgetExternalAlerts({ database, lease, now: clock.now() });
    }),
    loop("reconciliation failed", MINUTE_MS, reconcile),
    loop("incidents could not be settled", INCIDENTS_EVERY_MS, async () => {
      await settleIncidents({ database, lease, now: clock.now() });
    }),
    loop("the cost of incidents could not be measured", MINUTE_MS, async () => {
      await measureIncidentCosts({ database, lease, now: clock.now() });
    }),
    runDeadMan({ database, deps, secretBox, signal }),
    runJobLoops({ database, clock, log, secretBox, randomBytes, signal }),
  ]);
};
