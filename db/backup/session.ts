import { AppError } from "#lib/core/errors.ts";
import type { Pool, Tx } from "../connection.ts";
import { describeAddress, openPool, parseDatabaseUrl } from "../connection.ts";
import { toDatabaseError } from "../database-errors.ts";
import type { TransactionHandle, TransactionMode } from "../transaction.ts";
import { runTransaction } from "../transaction.ts";

export type SessionArgs<T> = {
  readonly url: string;
  readonly applicationName: string;
  readonly mode: TransactionMode;
  readonly signal: AbortSignal;
  readonly work: (tx: Tx, pool: Pool) => Promise<T>;
};

/**
 * One long transaction on a connection of its own, without a deadline: a copy takes as long as it takes, and has its own
 * watchdog. Ends when the signal aborts. @throws AppError as `Database.read`
 */
export const runCopySession = async <T>({ url, applicationName, mode, signal, work }: SessionArgs<T>): Promise<T> => {
  const address = parseDatabaseUrl(url);
  let handle: TransactionHandle | null = null;
  const onClose = (connectionId: number): void => handle?.connectionClosed(connectionId);
  const pool = openPool(address, { applicationName, maxConnections: 1, statementTimeoutMs: null, onClose });
  const aborted = new Promise<never>((_, reject) => {
    const onAbort = (): void =>
      reject(new AppError("DATABASE_UNREACHABLE", "stopped before the end; nothing was changed"));
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
  });
  aborted.catch(() => undefined);
  const transaction = runTransaction({
    sql: pool.sql,
    work: (tx) => work(tx, pool),
    deadlineMs: 0,
    mode,
    onHandle: (made) => {
      handle = made;
    },
  });
  transaction.catch(() => undefined);
  try {
    return await Promise.race([transaction, aborted]);
  } catch (error) {
    throw toDatabaseError(error, describeAddress(address));
  } finally {
    await pool.destroy();
  }
};
