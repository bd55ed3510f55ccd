import { AppError, errorCodeOf } from "#lib/core/errors.ts";
import type { DatabaseAddress, Pool } from "./connection.ts";
import { describeAddress, openPool } from "./connection.ts";
import { isConnectionFailure, toDatabaseError } from "./database-errors.ts";
import type { TransactionHandle } from "./transaction.ts";
import { withinDeadline } from "./within-deadline.ts";

/** A stop has to end within 10 s, whatever deadline the work under way has. */
const CLOSE_WITHIN_MS = 3_000;

/** A pool and what runs on it. A retired one takes no new work and is cut when its last work ends. */
type Generation = {
  readonly pool: Pool;
  readonly transactions: Set<TransactionHandle>;
  works: number;
  isRetired: boolean;
  readonly onIdle: (() => void)[];
};

/** The pools of a database: the one that takes new work; older ones look after themselves. */
export type Generations = {
  readonly name: string;
  readonly open: () => Generation;
  current: Generation;
  isClosed: boolean;
};

export type GenerationSettings = {
  readonly applicationName: string;
  readonly maxConnections: number;
  readonly statementTimeoutMs: number;
};

const openGeneration = (address: DatabaseAddress, settings: GenerationSettings): Generation => {
  const transactions = new Set<TransactionHandle>();
  const onClose = (connectionId: number): void => {
    for (const transaction of transactions) transaction.connectionClosed(connectionId);
  };
  return { pool: openPool(address, { ...settings, onClose }), transactions, works: 0, isRetired: false, onIdle: [] };
};

/** The first pool of connections to a database, and how further ones are opened in its place. */
export const createGenerations = (address: DatabaseAddress, settings: GenerationSettings): Generations => {
  const open = (): Generation => openGeneration(address, settings);
  return { name: describeAddress(address), open, current: open(), isClosed: false };
};

const release = (generation: Generation): void => {
  if (generation.works > 0) return;
  for (const tell of generation.onIdle.splice(0)) tell();
  if (generation.isRetired) void generation.pool.destroy();
};

/** After one lost connection the library's book-keeping of the others cannot be trusted: all get a fresh pool. */
const retire = (all: Generations, generation: Generation): void => {
  if (generation.isRetired) return;
  generation.isRetired = true;
  if (all.current === generation && !all.isClosed) all.current = all.open();
};

/** What a piece of work gets: the pool, and a place to register its transaction. */
export type WorkContext = { readonly pool: Pool; readonly onHandle: (handle: TransactionHandle) => void };

/** Runs `start` on the newest pool under a deadline. @throws AppError as `Database.read` */
export const runWork = async <T>(
  all: Generations,
  deadlineMs: number,
  start: (context: WorkContext) => Promise<T>,
): Promise<T> => {
  if (all.isClosed) throw new AppError("DATABASE_UNREACHABLE", `the connection to ${all.name} is closed`);
  const generation = all.current;
  let handle: TransactionHandle | null = null;
  const onHandle = (made: TransactionHandle): void => {
    handle = made;
    generation.transactions.add(made);
  };
  const onLate = (): AppError => {
    const error = new AppError("DATABASE_TIMEOUT", `the database ${all.name} did not answer within ${deadlineMs} ms`);
    retire(all, generation);
    handle?.giveUp(error);
    return error;
  };
  generation.works += 1;
  try {
    return await withinDeadline(start({ pool: generation.pool, onHandle }), deadlineMs, onLate);
  } catch (error) {
    if (isConnectionFailure(error) || errorCodeOf(error) === "DATABASE_UNREACHABLE") retire(all, generation);
    throw toDatabaseError(error, all.name);
  } finally {
    if (handle !== null) generation.transactions.delete(handle);
    generation.works -= 1;
    release(generation);
  }
};

/** Lets work under way finish for up to 3 s, then cuts it off. */
export const closeGenerations = async (all: Generations): Promise<void> => {
  if (all.isClosed) return;
  all.isClosed = true;
  const last = all.current;
  retire(all, last);
  if (last.works > 0) {
    const idle = new Promise<void>((resolve) => last.onIdle.push(resolve));
    const late = new AppError("DATABASE_TIMEOUT", `the connection to ${all.name} was closed during the work`);
    await withinDeadline(idle, CLOSE_WITHIN_MS, () => late).catch(() => undefined);
  }
  await last.pool.destroy();
};
