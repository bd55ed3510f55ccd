import type postgres from "postgres";
import type { Tx } from "./connection.ts";
import { parseDatabaseUrl } from "./connection.ts";
import { closeGenerations, createGenerations, runWork } from "./generations.ts";
import { createNotifications } from "./notifications.ts";
import type { TransactionMode } from "./transaction.ts";
import { runTransaction } from "./transaction.ts";

/**
 * What a query function takes: the pool or a transaction, as the caller decides. int8 comes out as bigint, numeric as
 * text, timestamptz as Date; a bigint goes in as text (`${version.toString()}::bigint`).
 */
export type Db = postgres.Sql | postgres.TransactionSql;
export type { Tx };

/** Hot paths give up after this; longer work (reports, restore) names its own. */
const DEFAULT_DEADLINE_MS = 2_000;

type WorkOptions = { readonly deadlineMs?: number };

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
  const notifications = createNotifications(address, applicationName);
  const pools = createGenerations(address, {
    applicationName,
    maxConnections,
    statementTimeoutMs: DEFAULT_DEADLINE_MS,
  });

  const transact = <T>(work: (tx: Tx) => Promise<T>, deadlineMs: number, mode: TransactionMode): Promise<T> =>
    runWork(pools, deadlineMs, ({ pool, onHandle }) =>
      runTransaction({ sql: pool.sql, work, deadlineMs, mode, onHandle }),
    );
  return {
    read: (work, { deadlineMs = DEFAULT_DEADLINE_MS } = {}) =>
      // The server's own limit fits the default only; any other goes into a transaction, which carries its own.
      deadlineMs === DEFAULT_DEADLINE_MS && address.prepare
        ? runWork(pools, deadlineMs, async ({ pool }) => work(pool.sql))
        : transact(work, deadlineMs, "read only"),
    transaction: (work, { deadlineMs = DEFAULT_DEADLINE_MS } = {}) => transact(work, deadlineMs, "read write"),
    listen: notifications.listen,
    close: async () => {
      await notifications.close();
      await closeGenerations(pools);
    },
  };
};
