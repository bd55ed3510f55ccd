import type postgres from "postgres";
import { AppError, errorCodeOf } from "#lib/core/errors.ts";
import type { Pool, Sql, Tx } from "./connection.ts";
import { describeAddress, openPool, parseDatabaseUrl } from "./connection.ts";
import { isConnectionFailure, toDatabaseError } from "./database-errors.ts";
import { createNotifications } from "./notifications.ts";
import type { TransactionHandle, TransactionMode } from "./transaction.ts";
import { runTransaction } from "./transaction.ts";

/**
 * What a query function takes: the pool or a transaction, as the caller decides. int8 comes out as bigint, numeric as
 * text, timestamptz as Date; a bigint goes in as text (`${version.toString()}::bigint`).
 */
export type Db = postgres.Sql | postgres.TransactionSql;
export type { Sql, Tx };

/** Hot paths give up after this; longer work (reports, restore) names its own. */
export const DEFAULT_DEADLINE_MS = 2_000;

/** A stop has to end within 10 s, whatever deadline the work under way has. */
const CLOSE_WITHIN_MS = 3_000;

export type WorkOptions = { readonly deadlineMs?: number };

export type Database = {
  /**
   * Runs queries under one deadline (default 2,000 ms). When it passes, the pool is replaced and its sockets are cut.
   * A read with another deadline than the default is one read-only transaction on one connection.
   * @throws AppError DATABASE_TIMEOUT, DATABASE_UNREACHABLE, DISK_FULL; other errors of the server as they are.
   */
  read<T>(work: (db: Db) => Promise<T>, options?: WorkOptions): Promise<T>;
  /** One transaction under one deadline. After DATABASE_TIMEOUT it may or may not be committed. @throws as `read` */
  transaction<T>(work: (tx: Tx) => Promise<T>, options?: WorkOptions): Promise<T>;
  /** Hint only; survives reconnects; never rejects. Returns a function that stops listening. */
  listen(channel: string, onNotify: (payload: string) => void): Promise<() => Promise<void>>;
  /** Lets work under way finish for up to 3 s, then cuts it off. May be called twice. */
  close(): Promise<void>;
};

/** A pool and what runs on it. A retired one takes no new work and is cut when its last work ends. */
type Generation = {
  pool: Pool;
  works: number;
  isRetired: boolean;
  transactions: Set<TransactionHandle>;
  onIdle: (() => void)[];
};

/** Settles as `work` does, or calls `onLate` and rejects with what it returns. */
const withinDeadline = async <T>(work: Promise<T>, deadlineMs: number, onLate: () => AppError): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(onLate()), deadlineMs);
  });
  // Work that loses the race may still fail; that failure has been told already.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** Opens a database lazily: nothing connects before the first query. @throws AppError when `url` is not a database URL. */
export const openDatabase = ({
  url,
  applicationName,
  maxConnections = 10,
}: {
  url: string;
  applicationName: string;
  maxConnections?: number;
}): Database => {
  const address = parseDatabaseUrl(url);
  const name = describeAddress(address);
  const notifications = createNotifications(address, applicationName);
  let isClosed = false;

  const openGeneration = (): Generation => {
    const transactions = new Set<TransactionHandle>();
    const onClose = (connectionId: number): void => {
      for (const transaction of transactions) transaction.connectionClosed(connectionId);
    };
    const pool = openPool(address, {
      applicationName,
      maxConnections,
      statementTimeoutMs: DEFAULT_DEADLINE_MS,
      onClose,
    });
    return { pool, works: 0, isRetired: false, transactions, onIdle: [] };
  };
  let current = openGeneration();

  const release = (generation: Generation): void => {
    if (generation.works > 0) return;
    for (const tell of generation.onIdle.splice(0)) tell();
    if (generation.isRetired) void generation.pool.destroy();
  };
  // After one lost connection the library's book-keeping of the others cannot be trusted: all get a fresh pool.
  const retire = (generation: Generation): void => {
    if (generation.isRetired) return;
    generation.isRetired = true;
    if (current === generation && !isClosed) current = openGeneration();
  };

  const run = async <T>(
    deadlineMs: number,
    start: (generation: Generation, onHandle: (handle: TransactionHandle) => void) => Promise<T>,
  ): Promise<T> => {
    if (isClosed) throw new AppError("DATABASE_UNREACHABLE", `the connection to ${name} is closed`);
    const generation = current;
    let handle: TransactionHandle | null = null;
    const onHandle = (made: TransactionHandle): void => {
      handle = made;
      generation.transactions.add(made);
    };
    const onLate = (): AppError => {
      const error = new AppError("DATABASE_TIMEOUT", `the database ${name} did not answer within ${deadlineMs} ms`);
      retire(generation);
      handle?.giveUp(error);
      return error;
    };
    generation.works += 1;
    try {
      return await withinDeadline(start(generation, onHandle), deadlineMs, onLate);
    } catch (error) {
      if (isConnectionFailure(error) || errorCodeOf(error) === "DATABASE_UNREACHABLE") retire(generation);
      throw toDatabaseError(error, name);
    } finally {
      if (handle !== null) generation.transactions.delete(handle);
      generation.works -= 1;
      release(generation);
    }
  };
  const transact = <T>(work: (tx: Tx) => Promise<T>, deadlineMs: number, mode: TransactionMode): Promise<T> =>
    run(deadlineMs, ({ pool }, onHandle) => runTransaction({ sql: pool.sql, work, deadlineMs, mode, onHandle }));

  return {
    read: (work, { deadlineMs = DEFAULT_DEADLINE_MS } = {}) =>
      deadlineMs === DEFAULT_DEADLINE_MS && address.prepare
        ? run(deadlineMs, async ({ pool }) => work(pool.sql))
        : transact(work, deadlineMs, "read only"),
    transaction: (work, { deadlineMs = DEFAULT_DEADLINE_MS } = {}) => transact(work, deadlineMs, "read write"),
    listen: notifications.listen,
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      const last = current;
      retire(last);
      await notifications.close();
      if (last.works > 0) {
        const idle = new Promise<void>((resolve) => last.onIdle.push(resolve));
        const late = new AppError("DATABASE_TIMEOUT", `the connection to ${name} was closed during the work`);
        await withinDeadline(idle, CLOSE_WITHIN_MS, () => late).catch(() => undefined);
      }
      await last.pool.destroy();
    },
  };
};
