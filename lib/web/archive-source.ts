import type { Archive } from "#lib/contracts/snapshot-archive.ts";
import { readArchivable, readArchivedDocuments } from "#lib/read/archive.ts";
import type { Database } from "#lib/read/web-context.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { runLoop } from "#lib/runtime/run-loop.ts";
import type { ArchiveStore } from "./archive-store.ts";

const LOOK_EVERY_MS = 10_000;
/** Documents that are in memory at once while the archive is brought up to date. */
const BATCH = 50;

/**
 * Brings the archive on disk in line with the database: reads and writes only what changed, a batch at a time, and tells
 * of the whole list when it is written. The mark that it was brought in line with; `knownMark` when nothing was to be done.
 */
export const syncArchive = async (
  database: Database,
  store: ArchiveStore,
  knownMark: string | null = null,
): Promise<string | null> => {
  const found = await readArchivable(database, knownMark);
  if (found === null) return knownMark;
  const changed = found.all.filter(({ key, stamp }) => store.stampOf(key) !== stamp);
  const stamps = new Map(found.all.map(({ key, stamp }) => [key, stamp]));
  for (let from = 0; from < changed.length; from += BATCH) {
    const documents = await readArchivedDocuments(database, changed.slice(from, from + BATCH));
    for (const one of documents) await store.put(one, stamps.get(one.key) ?? "");
  }
  await store.keepOnly(new Set(stamps.keys()));
  return found.mark;
};

/**
 * Follows what is over, asked of the database every ten seconds. While it is away the archive stays as it is.
 * `ended` settles when the loop has ended after the abort.
 * @param store has been loaded, and its list told.
 */
export const followArchive = (args: {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: ArchiveStore;
  readonly signal: AbortSignal;
  readonly onArchive: (archive: Archive) => void;
}): { readonly ended: Promise<void> } => {
  const { database, clock, log, store, signal, onArchive } = args;
  let mark: string | null = null;
  let told = store.list();
  let isAway = false;
  const look = async (): Promise<void> => {
    mark = await syncArchive(database, store, store.isWhole() ? mark : null);
    isAway = false;
    if (store.list() === told) return;
    told = store.list();
    onArchive(told);
  };
  const onError = (error: unknown): void => {
    if (!isAway) log.warn({ error }, "the archive of incidents cannot be read; the page shows what it has");
    isAway = true;
  };
  return { ended: runLoop({ intervalMs: LOOK_EVERY_MS, work: look, onError, clock, signal }) };
};
