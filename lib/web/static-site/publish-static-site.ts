import type { Snapshot } from "#lib/contracts/snapshot.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { runLoop } from "#lib/runtime/run-loop.ts";
import type { StaticFiles } from "../http/static-files.ts";
import { STALE_AFTER_MS } from "../page-entry.ts";
import type { SiteDesk } from "../site-desk.ts";
import { archivedFiles, writeStaticArchive } from "./static-archive.ts";
import { buildStaticSite } from "./static-site.ts";
import { removeUnfinished, writeStaticSite } from "./write-static-site.ts";

const LOOK_EVERY_MS = 2_000;
/** When nothing changed, the instant that the data is from is brought up to date this often. */
const REWRITE_EVERY_MS = 60_000;
const ASK_EVERY_MS = 30_000;
/** Pages of the archive that are written in one look: rendering them all at once would keep visitors waiting. */
const MOST_ARCHIVED = 20;

type PublishArgs = {
  readonly desk: Pick<SiteDesk, "snapshot" | "pages" | "isPublic">;
  readonly files: StaticFiles;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly baseUrl: () => string;
  /** The configured folder; asked now and then, and what it said last counts while it cannot. */
  readonly readDirectory: () => Promise<string | null>;
};

const contentOf = (
  { version: _version, builtAt: _builtAt, dataAsOf: _asOf, archive: _archive, ...content }: Snapshot,
  isStale: boolean,
) => JSON.stringify([content, isStale]);

type Shown = {
  readonly content: string;
  readonly archive: Snapshot["archive"];
  readonly directory: string;
  readonly atMs: number;
  /** False: more pages of the archive are to be written. */
  readonly isWhole: boolean;
};

/**
 * Writes the page as files whenever it changes. Resolves when the loop has ended after the signal's abort.
 * A page that not everybody may see is never written.
 */
export const publishStaticSite = (args: PublishArgs): Promise<void> => {
  const { desk, files, clock, log, signal, baseUrl, readDirectory } = args;
  let directory: string | null = null;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let shown: Shown | null = null;
  let hasFailed = false;

  const look = async (): Promise<void> => {
    const nowMs = clock.monotonicMs();
    if (nowMs - askedAtMs >= ASK_EVERY_MS) {
      directory = await readDirectory().catch(() => directory);
      askedAtMs = nowMs;
    }
    const view = desk.snapshot();
    if (directory === null || view === null || !desk.isPublic()) return;
    const isStale = clock.now() - Date.parse(view.dataAsOf) > STALE_AFTER_MS;
    const content = contentOf(view, isStale);
    const isShown = shown?.content === content && shown.directory === directory && shown.archive === view.archive;
    if (isShown && shown?.isWhole === true && nowMs - (shown?.atMs ?? 0) < REWRITE_EVERY_MS) return;
    // Only at first: this process finishes what it begins, or takes it away.
    if (shown?.directory !== directory) await removeUnfinished(directory);
    const { pages } = desk;
    const { site, layout } = await buildStaticSite({ view, pages, files, fallbackUrl: baseUrl(), isStale });
    const source = { view, pages, layout };
    const { files: count, written, removed } = await writeStaticSite(directory, site, archivedFiles(source));
    const others = new Set(site.keys());
    const { isWhole } = await writeStaticArchive(directory, source, { most: MOST_ARCHIVED, others });
    if (!isShown) log.debug({ files: count, written, removed }, "the page was written as files");
    shown = { content, archive: view.archive, directory, atMs: nowMs, isWhole };
    hasFailed = false;
  };
  const onError = (error: unknown): void => {
    if (!hasFailed) log.error({ error }, "the page could not be written as files");
    hasFailed = true;
  };
  return runLoop({ intervalMs: LOOK_EVERY_MS, work: look, onError, clock, signal });
};
