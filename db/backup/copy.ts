import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { AppError } from "#lib/core/errors.ts";
import type { Pool, Tx } from "../connection.ts";

/** A copy that moves nothing for so long has lost its server. */
const STALL_MS = 60_000;
const SLICE = 262_144;

/** Cuts the connection when `touch` is not called for a minute: the library waits for ever. */
const createWatchdog = (pool: Pool): { touch: () => void; stop: () => void; stalled: Promise<never> } => {
  let bark: (error: AppError) => void = () => undefined;
  const stalled = new Promise<never>((_, reject) => {
    bark = reject;
  });
  stalled.catch(() => undefined);
  const timer = setTimeout(() => {
    bark(new AppError("DATABASE_TIMEOUT", `the copy did not move for ${STALL_MS / 1_000} s`));
    void pool.destroy();
  }, STALL_MS);
  return { touch: () => void timer.refresh(), stop: () => clearTimeout(timer), stalled };
};

/**
 * Runs `copy (select …) to stdout` and hands over the rows in COPY's text format, a few at a time: each row is one line.
 * `tx` must belong to `pool`, which has one connection and no other work.
 */
export const copyOut = async (
  pool: Pool,
  {
    tx,
    table,
    columns,
    onRows,
  }: { tx: Tx; table: string; columns: readonly string[]; onRows: (rows: Buffer) => Promise<void> | void },
): Promise<void> => {
  const watchdog = createWatchdog(pool);
  try {
    const stream: Readable = await tx`copy (select ${tx([...columns])} from ${tx(table)}) to stdout`.readable();
    const read = async (): Promise<void> => {
      for await (const rows of stream as AsyncIterable<Buffer>) {
        watchdog.touch();
        await onRows(rows);
      }
    };
    await Promise.race([read(), watchdog.stalled]);
    // The last rows may have paused the socket, and nobody but us will let it go on.
    pool.resume();
  } finally {
    watchdog.stop();
  }
};

/** Runs `copy table (columns) from stdin` with the given bytes. Rejects when the server refuses them. */
export const copyIn = async (
  pool: Pool,
  { tx, table, columns, chunks }: { tx: Tx; table: string; columns: readonly string[]; chunks: AsyncIterable<Buffer> },
): Promise<void> => {
  const watchdog = createWatchdog(pool);
  try {
    const query = tx`copy ${tx(table)} (${tx([...columns])}) from stdin`;
    // The library settles the query with the stream; a refusal that comes later reaches nothing but this method.
    const refused = new Promise<never>((_, reject) => {
      Reflect.set(query, "reject", reject);
    });
    refused.catch(() => undefined);
    const stream: Writable = await Promise.race([query.writable(), refused, watchdog.stalled]);
    stream.on("error", () => undefined);
    const write = async (): Promise<void> => {
      for await (const chunk of chunks) {
        for (let at = 0; at < chunk.length; at += SLICE) {
          watchdog.touch();
          if (!stream.write(chunk.subarray(at, at + SLICE))) await once(stream, "drain");
        }
      }
      const finished = once(stream, "finish");
      stream.end();
      await finished;
    };
    const written = write();
    written.catch(() => undefined);
    await Promise.race([written, refused, watchdog.stalled]);
  } finally {
    watchdog.stop();
  }
};
