import type { Snapshot } from "#lib/contracts/snapshot.ts";
import type { Language } from "#lib/core/definitions.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import type { Representation } from "./http/representation.ts";
import type { PageCacheStats, PageEntry, PageWorks, RenderPage } from "./page-entry.ts";
import {
  finishEntry,
  forgetTemplate,
  isRenderDue,
  lacksUrgent,
  newPageEntry,
  startRender,
  wantedHashes,
} from "./page-entry.ts";
import type { PageId } from "./page-slices.ts";
import { isArchivedPage, pagesOf } from "./page-slices.ts";
import type { TemplateStore } from "./template-store.ts";

export type PageCache = {
  /** A new snapshot: what must be seen at once is rendered at once. */
  readonly accept: (snapshot: Snapshot) => void;
  /** The bytes to serve now, or null when they have to be waited for. One look-up. */
  readonly peek: (pageId: PageId, language: Language) => Representation | null;
  /** The bytes of a page as it was last rendered, though newer content may be due; null when it never was. */
  readonly getStored: (pageId: PageId, language: Language) => Promise<Representation | null>;
  /** The bytes of a page, made when needed; null when it cannot be shown yet. One rebuild for any number of callers. */
  readonly get: (pageId: PageId, language: Language) => Promise<Representation | null>;
  /** The bytes of a page that shows all of the newest snapshot, for a copy of the page: nobody looks at it here. */
  readonly getCurrent: (pageId: PageId, language: Language) => Promise<Representation | null>;
  /** Whether the snapshot has such a page. */
  readonly has: (pageId: PageId) => boolean;
  /** Whether it could be served without Next and without a database. */
  readonly isReady: (pageId: PageId, language: Language) => boolean;
  /** Whether every page that is looked at shows all of the newest snapshot. */
  readonly isCurrent: () => boolean;
  /** Keeps what is looked at fresh, and turns pages stale when nothing new comes. Called about every second. */
  readonly tick: () => Promise<void>;
  /** Takes in what an earlier process rendered. */
  readonly loadFromDisk: () => Promise<void>;
  /** Resolves when what was begun, renderings and writes to disk, has ended. */
  readonly settled: () => Promise<void>;
  readonly stats: PageCacheStats;
};

const WARM_FOR_MS = 60_000;
/** How long a visitor waits for fresh content before the stored one, with its own instant, is good enough. */
const PATIENCE_MS = 800;
/** Beyond this many pages only those that are asked for are rendered. */
const MOST_PREPARED_PAGES = 300;
/** Of pages that tell of what is long over so many are kept: those that were looked at last. */
const MOST_ARCHIVED_PAGES = 300;

type Shelf = { readonly works: PageWorks; readonly entries: Map<string, PageEntry> };

const keyOf = (pageId: PageId, language: Language): string => `${language}\n${pageId}`;

const entryOf = ({ entries }: Shelf, pageId: PageId, language: Language): PageEntry => {
  const key = keyOf(pageId, language);
  let entry = entries.get(key);
  if (entry === undefined) {
    entry = newPageEntry(pageId, language);
    entries.set(key, entry);
  }
  return entry;
};

const renderAndFinish = (works: PageWorks, entry: PageEntry): void => {
  startRender(works, entry)
    .then(() => finishEntry(works, entry))
    .catch((error: unknown) => works.log.error({ page: entry.pageId, error }, "a page could not be finished"));
};

const isWarm = ({ clock, snapshot }: PageWorks, entry: PageEntry): boolean =>
  clock.monotonicMs() - entry.usedAtMs < WARM_FOR_MS ||
  (entry.pageId === "home" && entry.language === snapshot?.page.languages[0]);

const dropPagesThatAreGone = ({ works, entries }: Shelf, current: Snapshot): void => {
  const alive = new Set(pagesOf(current));
  for (const [key, entry] of entries) {
    const isAlive = alive.has(entry.pageId) || isArchivedPage(current, entry.pageId);
    if (isAlive && current.page.languages.includes(entry.language)) continue;
    entries.delete(key);
    forgetTemplate(works, entry);
  }
};

const accept = (shelf: Shelf, next: Snapshot): void => {
  const { works, entries } = shelf;
  works.snapshot = next;
  works.hashes = new Map();
  dropPagesThatAreGone(shelf, next);
  for (const language of next.page.languages) entryOf(shelf, "home", language);
  for (const entry of entries.values()) {
    const isLookedAt = entry.pageId === "home" || isWarm(works, entry);
    if (isLookedAt && lacksUrgent(works, entry) && isRenderDue(works, entry)) renderAndFinish(works, entry);
  }
};

/** Pages that nobody asked for yet are prepared one at a time, so that a restart finds all of them on disk. */
const prepareOne = (shelf: Shelf, current: Snapshot): void => {
  const pages = pagesOf(current);
  if (pages.length * current.page.languages.length > MOST_PREPARED_PAGES) return;
  for (const pageId of pages) {
    for (const language of current.page.languages) {
      const entry = entryOf(shelf, pageId, language);
      if (entry.rendering !== null) return;
      if (!lacksUrgent(shelf.works, entry) || !isRenderDue(shelf.works, entry)) continue;
      renderAndFinish(shelf.works, entry);
      return;
    }
  }
};

const tick = async (shelf: Shelf): Promise<void> => {
  const { works, entries } = shelf;
  for (const entry of entries.values()) {
    if (!isWarm(works, entry)) continue;
    if (entry.rendering === null && isRenderDue(works, entry)) renderAndFinish(works, entry);
    await finishEntry(works, entry);
  }
  if (works.snapshot !== null) prepareOne(shelf, works.snapshot);
};

/** Forgets pages of the archive that nobody looked at for longest, in memory and on disk. */
const makeRoom = ({ works, entries }: Shelf): void => {
  const { snapshot } = works;
  if (snapshot === null || entries.size <= MOST_ARCHIVED_PAGES) return;
  const old = [...entries].filter(
    ([, { rendering, pageId }]) => rendering === null && isArchivedPage(snapshot, pageId),
  );
  old.sort(([, a], [, b]) => a.usedAtMs - b.usedAtMs);
  for (const [key, entry] of old.slice(0, Math.max(0, old.length - MOST_ARCHIVED_PAGES))) {
    entries.delete(key);
    forgetTemplate(works, entry);
  }
};

const waitForRender = async (works: PageWorks, entry: PageEntry): Promise<void> => {
  const rendering = startRender(works, entry);
  if (entry.template === null || works.rendersAlways) return rendering;
  const patience = new AbortController();
  await Promise.race([rendering, works.clock.sleep(PATIENCE_MS, patience.signal).catch(() => {})]);
  patience.abort();
};

const get = async (shelf: Shelf, pageId: PageId, language: Language): Promise<Representation | null> => {
  const { works } = shelf;
  const entry = entryOf(shelf, pageId, language);
  entry.usedAtMs = works.clock.monotonicMs();
  works.stats.waits += 1;
  if (works.rendersAlways || entry.rendering !== null || isRenderDue(works, entry)) await waitForRender(works, entry);
  await finishEntry(works, entry);
  makeRoom(shelf);
  return entry.finished?.representation ?? null;
};

const getStored = async (shelf: Shelf, pageId: PageId, language: Language): Promise<Representation | null> => {
  const { works } = shelf;
  if (works.rendersAlways || wantedHashes(works, pageId) === null) return null;
  const entry = entryOf(shelf, pageId, language);
  entry.usedAtMs = works.clock.monotonicMs();
  await finishEntry(works, entry);
  return entry.finished?.representation ?? null;
};

const getCurrent = async (shelf: Shelf, pageId: PageId, language: Language): Promise<Representation | null> => {
  const { works } = shelf;
  const wanted = wantedHashes(works, pageId);
  if (wanted === null) return null;
  const entry = entryOf(shelf, pageId, language);
  if (entry.template?.hashes.content !== wanted.content) await startRender(works, entry);
  await finishEntry(works, entry);
  makeRoom(shelf);
  return entry.finished?.representation ?? null;
};

const peek = ({ works, entries }: Shelf, pageId: PageId, language: Language): Representation | null => {
  const entry = entries.get(keyOf(pageId, language));
  if (entry === undefined || entry.finished === null || works.rendersAlways) return null;
  const now = works.clock.monotonicMs();
  if (now > entry.validUntilMs) return null;
  entry.usedAtMs = now;
  works.stats.hits += 1;
  return entry.finished.representation;
};

/**
 * Public pages as finished bytes. Next renders a template only when the page's content changed; filling in the
 * instant, the stale banner, compression and entity tags are done here, so pages outlive Next, the engine and Postgres.
 */
export const createPageCache = (args: {
  render: RenderPage;
  clock: Clock;
  log: Logger;
  store: TemplateStore | null;
  rendersAlways: boolean;
  scriptPath?: string | null;
}): PageCache => {
  const stats: PageCacheStats = { renders: 0, renderFailures: 0, finishes: 0, hits: 0, waits: 0 };
  const works: PageWorks = {
    ...args,
    scriptPath: args.scriptPath ?? null,
    stats,
    snapshot: null,
    hashes: new Map(),
    queue: Promise.resolve(),
    disk: Promise.resolve(),
  };
  const shelf: Shelf = { works, entries: new Map() };
  return {
    stats,
    accept: (snapshot) => accept(shelf, snapshot),
    peek: (pageId, language) => peek(shelf, pageId, language),
    getStored: (pageId, language) => getStored(shelf, pageId, language),
    get: (pageId, language) => get(shelf, pageId, language),
    getCurrent: (pageId, language) => getCurrent(shelf, pageId, language),
    has: (pageId) => wantedHashes(works, pageId) !== null,
    isReady: (pageId, language) => (shelf.entries.get(keyOf(pageId, language))?.template ?? null) !== null,
    isCurrent: () =>
      [...shelf.entries.values()].every(
        (entry) =>
          !isWarm(works, entry) ||
          entry.template === null ||
          wantedHashes(works, entry.pageId)?.content === entry.template.hashes.content,
      ),
    tick: () => tick(shelf),
    settled: async () => {
      await works.queue;
      await works.disk;
    },
    loadFromDisk: async () => {
      for (const { pageId, language, template } of (await args.store?.load()) ?? []) {
        entryOf(shelf, pageId, language).template ??= template;
      }
    },
  };
};
