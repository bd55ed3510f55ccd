import { AppError } from "#lib/core/errors.ts";
import type { Sql, Tx } from "./connection.ts";
import { isConnectionFailure } from "./database-errors.ts";

/** The part of a Postgres.js 3.4.9 connection that we read: it shows it to `onexecute` only. */
type Connection = { readonly id: number; readonly terminate: () => void };

export type TransactionHandle = {
  /** Said by the pool when a connection ended. */
  readonly connectionClosed: (connectionId: number) => void;
  /** Ends the session at once, so that the server drops its locks, and refuses every later query. */
  readonly giveUp: (why: AppError) => void;
};

/** What a lost transaction waits for: the library then settles it by the end of its connection, without a rollback. */
const never = (): Promise<never> => new Promise<never>(() => undefined);

type State = {
  connection: Connection | null;
  refusal: AppError | null;
  /** Fails the transaction with the first thing that was said about the loss. */
  lose: (error: unknown) => void;
};

/**
 * A view of `tx` that refuses queries after the connection is gone. Postgres.js would write to a socket that is null,
 * and the exception would end the process.
 */
const guard = (tx: Tx, state: State): Tx => {
  const check = (): void => {
    if (state.refusal !== null) throw state.refusal;
  };
  const savepoint = (first: unknown, second?: unknown): Promise<unknown> => {
    check();
    const work = (second ?? first) as (inner: Tx) => Promise<unknown>;
    const run = (inner: Tx): Promise<unknown> => settled(() => work(guard(inner, state)), state);
    return typeof first === "string" ? tx.savepoint(first, run) : tx.savepoint(run);
  };
  return new Proxy(tx, {
    apply: (target, self, parameters) => {
      check();
      return Reflect.apply(target, self, parameters) as unknown;
    },
    get: (target, key, receiver) => {
      if (key === "savepoint") return savepoint;
      if (key === "unsafe") check();
      return Reflect.get(target, key, receiver) as unknown;
    },
  });
};

/** Runs `work`; when the connection is lost meanwhile, it neither resolves nor rejects. */
const settled = async <T>(work: () => Promise<T>, state: State): Promise<T> => {
  try {
    const result = await work();
    if (state.refusal === null) return result;
    state.lose(state.refusal);
    return await never();
  } catch (error) {
    if (state.refusal === null && !isConnectionFailure(error)) throw error;
    state.lose(error);
    return never();
  }
};

export type TransactionMode = "read write" | "read only" | "isolation level repeatable read read only";

export type TransactionArgs<T> = {
  readonly sql: Sql;
  readonly work: (tx: Tx) => Promise<T>;
  /** Becomes the server's limit of each statement; 0: none. */
  readonly deadlineMs: number;
  readonly mode: TransactionMode;
  /** Called before the first query, so that the pool can pass on what happens to connections. */
  readonly onHandle: (handle: TransactionHandle) => void;
};

/** One transaction over one connection. */
export const runTransaction = async <T>({ sql, work, deadlineMs, mode, onHandle }: TransactionArgs<T>): Promise<T> => {
  const state: State = { connection: null, refusal: null, lose: () => undefined };
  const lost = new Promise<never>((_, reject) => {
    state.lose = (error) => {
      reject(error);
      state.connection?.terminate();
    };
  });
  lost.catch(() => undefined);
  onHandle({
    connectionClosed: (connectionId) => {
      if (state.connection?.id !== connectionId) return;
      // The pool may give it to other work from now on.
      state.connection = null;
      state.refusal ??= new AppError("DATABASE_UNREACHABLE", "the connection of the transaction was lost");
    },
    giveUp: (why) => {
      state.refusal ??= why;
      state.connection?.terminate();
    },
  });
  const noteConnection = (connection: Connection): boolean => {
    state.connection = connection;
    return true;
  };
  const body = async (tx: Tx): Promise<{ value: T }> =>
    settled(async () => {
      if (state.refusal !== null) throw state.refusal;
      const options: object = { onexecute: noteConnection };
      // eslint-disable-next-line no-restricted-syntax -- a number; only this form of query shows its connection
      await tx.unsafe(`set local statement_timeout = ${Math.ceil(deadlineMs)}`, [], options);
      return { value: await work(guard(tx, state)) };
    }, state);
  const transaction = sql.begin(mode, body) as Promise<{ value: T }>;
  return (await Promise.race([transaction, lost])).value;
};
