import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { listenForSnapshots, readPublishedSnapshot } from "#lib/read/published-snapshot.ts";
import type { Database } from "#lib/read/web-context.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { runLoop } from "#lib/runtime/run-loop.ts";
import { writeFileAtomic } from "#lib/runtime/write-file-atomic.ts";

const POLL_MS = 1_000;
const SAVE_EVERY_MS = 5_000;

export type SnapshotSource = {
  /** Settles when the loop has ended after the signal's abort. */
  readonly ended: Promise<void>;
};

type SourceArgs = {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  /** The copy on disk. */
  readonly file: string;
  /** What it said, known to everybody already; null without one. */
  readonly copy: Snapshot | null;
  readonly signal: AbortSignal;
  /** Called for each snapshot that is newer. */
  readonly onSnapshot: (snapshot: Snapshot) => void;
};

/** A promise that the next notification settles, for `runLoop`'s `wake`. */
const createBell = () => {
  let ring: () => void = () => {};
  return {
    ring: () => ring(),
    wait: (signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        ring = resolve;
        signal.addEventListener("abort", () => resolve(), { once: true });
      }),
  };
};

/**
 * Follows the published snapshot in the database, asked each second and at a notification. While the database is away
 * the last one stays.
 */
export const followSnapshots = (args: SourceArgs): SnapshotSource => {
  const { database, clock, log, file, copy, signal, onSnapshot } = args;
  let current = copy;
  let savedAtMs = Number.NEGATIVE_INFINITY;
  let isAway = false;

  const save = async (snapshot: Snapshot): Promise<void> => {
    if (clock.monotonicMs() - savedAtMs < SAVE_EVERY_MS) return;
    savedAtMs = clock.monotonicMs();
    try {
      await writeFileAtomic(file, JSON.stringify(snapshot));
    } catch (error) {
      log.warn({ error }, "the snapshot could not be stored on disk");
    }
  };

  const poll = async (): Promise<void> => {
    const next = await readPublishedSnapshot(database, current?.version ?? 0);
    if (isAway) log.info({}, "snapshots can be read again");
    isAway = false;
    if (next === null) return;
    current = next;
    onSnapshot(next);
    await save(next);
  };

  const onError = (error: unknown): void => {
    if (!isAway) log.warn({ error }, "snapshots cannot be read; the page shows the last one");
    isAway = true;
  };

  const bell = createBell();
  const unlisten = listenForSnapshots(database, bell.ring).catch(() => async () => {});
  const ended = runLoop({ intervalMs: POLL_MS, work: poll, onError, clock, signal, wake: bell.wait }).then(async () => {
    if (current !== null) {
      savedAtMs = Number.NEGATIVE_INFINITY;
      await save(current);
    }
    void unlisten.then((stop) => stop()).catch(() => {});
  });
  return { ended };
};
