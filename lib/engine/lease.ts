import type postgres from "postgres";
import type { Database } from "#db/database.ts";
import { endLease, lockLease, prolongLease, takeLease } from "#db/queries/leases.ts";
import { AppError, errorCodeOf } from "#lib/core/errors.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";

/** The right to do a piece of work. `token` grows at each change of holder and fences off a holder that was paused. */
export type Lease = { readonly name: string; readonly holder: string; readonly token: bigint };

/** A leader's lease; design.md, "Processes". */
const LEADER_LEASE_MS = 6_000;
const RENEW_EVERY_MS = 2_000;
const RETRY_MS = 500;
const BUSY_RETRY_MS = 100;
const ASK_AGAIN_MS = 1_000;

/**
 * Takes the lease when it is free or expired by the database's clock; null when another one holds it.
 * `holder` is unique to the process: the same holder may take its own lease again, which ends the older token.
 */
export const acquireLease = async (
  database: Database,
  { name, holder, ttlMs }: { name: string; holder: string; ttlMs: number },
): Promise<Lease | null> => {
  const token = await database.transaction((tx) => takeLease(tx, { name, holder, ttlMs }));
  return token === null ? null : { name, holder, token };
};

/** Gives the lease up, so that the next holder takes over at once. */
export const releaseLease = (database: Database, lease: Lease): Promise<void> =>
  database.transaction((tx) => endLease(tx, lease));

/**
 * The first statement of every leader's write transaction. It holds the lease's row until the end of the transaction,
 * so that nobody can take over between this check and the commit.
 * @throws AppError LEASE_LOST when the lease is not ours any more or has expired by the database's clock.
 */
export const assertLease = async (tx: postgres.TransactionSql, lease: Lease): Promise<void> => {
  if (await lockLease(tx, lease)) return;
  throw new AppError("LEASE_LOST", `the lease "${lease.name}" is held by another instance or has expired`);
};

export type LeaderArgs = {
  readonly database: Database;
  readonly name: string;
  /** Unique to this process. */
  readonly holder: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** The work. It ends soon after its signal aborts; its writes begin with `assertLease`. */
  readonly lead: (lease: Lease, signal: AbortSignal) => Promise<void>;
};

const sleepUnlessStopped = async (clock: Clock, ms: number, signal: AbortSignal): Promise<void> => {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
};

/** Renews until the signal aborts; returns why when the lease must be taken for lost. */
const keepLease = async (args: LeaderArgs, lease: Lease, signal: AbortSignal, heldFromMs: number): Promise<string> => {
  const { database, clock, log } = args;
  let renewedMs = heldFromMs;
  let pauseMs = RENEW_EVERY_MS;
  while (!signal.aborted) {
    const leftMs = renewedMs + LEADER_LEASE_MS - clock.monotonicMs();
    if (leftMs <= 0) return "it could not be renewed in time";
    await sleepUnlessStopped(clock, Math.min(pauseMs, leftMs), signal);
    if (signal.aborted) break;
    // The lease runs from when the question was asked, not from when the answer came.
    const askedMs = clock.monotonicMs();
    try {
      const answer = await database.transaction((tx) => prolongLease(tx, lease, LEADER_LEASE_MS));
      if (answer === "lost") return "another instance took it over";
      renewedMs = askedMs;
      // Busy: our own write transaction guards the lease; prolong it as soon as that one ends.
      pauseMs = answer === "busy" ? BUSY_RETRY_MS : RENEW_EVERY_MS;
    } catch (error) {
      log.warn({ lease: lease.name, error }, "the lease could not be renewed; trying again");
      pauseMs = RETRY_MS;
    }
  }
  return "stopped";
};

/** Leads until the work ends, the lease is lost or the outer signal aborts. */
const leadOnce = async (args: LeaderArgs, lease: Lease, heldFromMs: number): Promise<void> => {
  const { database, log, signal, lead } = args;
  const lost = new AbortController();
  const done = new AbortController();
  const keeping = keepLease(args, lease, AbortSignal.any([signal, done.signal]), heldFromMs).then((why) => {
    if (signal.aborted || done.signal.aborted) return;
    log.warn({ lease: lease.name, reason: why }, "the lease is lost; stepping down");
    lost.abort(new AppError("LEASE_LOST", `the lease "${lease.name}" is lost: ${why}`));
  });
  log.info({ lease: lease.name, fencingToken: lease.token }, "leading");
  try {
    await lead(lease, AbortSignal.any([signal, lost.signal]));
  } catch (error) {
    const isExpected = errorCodeOf(error) === "LEASE_LOST" || signal.aborted || lost.signal.aborted;
    if (!isExpected) log.error({ lease: lease.name, error }, "the leader's work failed");
  } finally {
    done.abort();
    await keeping;
    await releaseLease(database, lease).catch((error: unknown) => {
      log.warn({ lease: lease.name, error }, "the lease could not be released; it will expire");
    });
  }
};

/**
 * Takes the lease (6 s), renews it every 2 s and calls `lead`, whose signal aborts when the lease is lost or cannot be
 * renewed in time. Begins anew until the outer signal aborts; gives the lease up on stop so that a follower takes over at once.
 */
export const runAsLeader = async (args: LeaderArgs): Promise<void> => {
  const { database, name, holder, clock, log, signal } = args;
  while (!signal.aborted) {
    const askedMs = clock.monotonicMs();
    try {
      const lease = await acquireLease(database, { name, holder, ttlMs: LEADER_LEASE_MS });
      if (lease !== null) await leadOnce(args, lease, askedMs);
    } catch (error) {
      if (!signal.aborted) log.warn({ lease: name, error }, "the lease could not be asked for; trying again");
    }
    if (!signal.aborted) await sleepUnlessStopped(clock, ASK_AGAIN_MS, signal);
  }
};
