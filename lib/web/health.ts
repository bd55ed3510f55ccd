import type { Readiness } from "#lib/contracts/health.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import { pingDatabase } from "#lib/read/ping.ts";
import type { Database } from "#lib/read/web-context.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import { runLoop } from "#lib/runtime/run-loop.ts";
import { STALE_AFTER_MS } from "./page-entry.ts";

/** With the 2 s deadline of a query, a stopped database shows within 4 s. */
const CHECK_EVERY_MS = 2_000;

export type Health = {
  /** From memory: asking costs nothing and cannot hang. */
  readonly readiness: () => Readiness;
  readonly ended: Promise<void>;
};

type HealthArgs = {
  readonly database: Database;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly snapshot: () => Snapshot | null;
  readonly isPageReady: () => boolean;
};

type DatabaseCheck = Readiness["checks"]["database"];

/** Watches in the background what `/health/ready` tells. */
export const watchHealth = ({ database, clock, signal, snapshot, isPageReady }: HealthArgs): Health => {
  let databaseCheck: DatabaseCheck = { status: "unknown", latencyMs: null, code: null };

  const check = async (): Promise<void> => {
    const startedMs = clock.monotonicMs();
    try {
      await pingDatabase(database);
      const latencyMs = Math.round((clock.monotonicMs() - startedMs) * 100) / 100;
      databaseCheck = { status: "ok", latencyMs, code: null };
    } catch (error) {
      databaseCheck = { status: "failed", latencyMs: null, code: errorCodeOf(error) ?? "INTERNAL" };
    }
  };

  const ended = runLoop({ intervalMs: CHECK_EVERY_MS, work: check, onError: () => {}, clock, signal });
  return {
    ended,
    readiness: () => {
      const current = snapshot();
      // Whether the engine is at work. Probes that are silent make data old, which is for the page to tell, not for balancers.
      const ageMs = current === null ? null : Math.max(0, clock.now() - Date.parse(current.builtAt));
      const snapshotCheck = {
        status: ageMs === null ? ("failed" as const) : ageMs > STALE_AFTER_MS ? ("stale" as const) : ("ok" as const),
        dataAsOf: current?.dataAsOf ?? null,
        ageSeconds: ageMs === null ? null : Math.round(ageMs / 100) / 10,
      };
      const page = { status: isPageReady() ? ("ok" as const) : ("failed" as const) };
      const isReady = databaseCheck.status === "ok" && snapshotCheck.status === "ok" && page.status === "ok";
      return {
        status: isReady ? "ok" : "degraded",
        checks: { database: databaseCheck, snapshot: snapshotCheck, page },
      };
    },
  };
};
