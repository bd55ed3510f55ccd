import type { Database } from "#db/database.ts";
import type { PingRow } from "#db/queries/heartbeats.ts";
import { insertPings } from "#db/queries/heartbeats.ts";
import { AppError } from "#lib/core/errors.ts";
import { storableText } from "./run-row.ts";

/** Longest message that is kept, in bytes of UTF-8. */
export const MAX_PING_BYTES = 100_000;
const MOST_ROWS = 500;
/** Twice this, for the batch before and its own, and a ping is stored or refused before its slot is judged. */
const DEADLINE_MS = 1_000;
const MOST_BATCH_BYTES = 4_000_000;
/** More waiting pings than the database takes in its deadline. */
const MOST_WAITING = 10_000;
const MOST_WAITING_BYTES = 64_000_000;

type Waiting = {
  readonly row: PingRow;
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

export type HeartbeatRecorder = {
  /**
   * Resolves when the ping is stored.
   * @throws AppError NOT_READY when too many wait; DATABASE_TIMEOUT, DATABASE_UNREACHABLE: it may or may not be stored.
   */
  readonly record: (ping: PingRow) => Promise<void>;
};

/** A message as it can be stored: no NUL, whole characters, cut at the longest length. */
const messageOf = (message: string | null): string | null => {
  if (message === null) return null;
  const text = storableText(message, MAX_PING_BYTES);
  const bytes = Buffer.from(text);
  // In stream mode the decoder leaves out a character that the cut went through.
  return bytes.length <= MAX_PING_BYTES
    ? text
    : new TextDecoder().decode(bytes.subarray(0, MAX_PING_BYTES), { stream: true });
};

/**
 * Stores pings one by one while there is time, and those that come meanwhile together: what waits for a transaction
 * shares the next one, so that a thousand at once cost a few transactions.
 */
export const createHeartbeatRecorder = (database: Database): HeartbeatRecorder => {
  const waiting: Waiting[] = [];
  let waitingBytes = 0;
  let isWriting = false;

  const takeBatch = (): Waiting[] => {
    let bytes = 0;
    let count = 0;
    for (const one of waiting) {
      bytes += one.bytes;
      if (count > 0 && (bytes > MOST_BATCH_BYTES || count >= MOST_ROWS)) break;
      count += 1;
    }
    const batch = waiting.splice(0, count);
    waitingBytes -= batch.reduce((sum, one) => sum + one.bytes, 0);
    return batch;
  };

  const write = async (): Promise<void> => {
    isWriting = true;
    while (waiting.length > 0) {
      const batch = takeBatch();
      try {
        const rows = batch.map(({ row }) => row);
        await database.transaction((tx) => insertPings(tx, rows), { deadlineMs: DEADLINE_MS });
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    isWriting = false;
  };

  return {
    record: (ping) =>
      new Promise((resolve, reject) => {
        const row = { ...ping, message: messageOf(ping.message) };
        const bytes = row.message === null ? 200 : 200 + Buffer.byteLength(row.message);
        if (waiting.length >= MOST_WAITING || waitingBytes + bytes > MOST_WAITING_BYTES)
          return reject(new AppError("NOT_READY", "too many pings at once"));
        waiting.push({ row, bytes, resolve, reject });
        waitingBytes += bytes;
        if (!isWriting) void write();
      }),
  };
};
