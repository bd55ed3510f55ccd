import type { Language } from "#lib/core/definitions.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { asOfTextOf, finishPage, stripScripts } from "./page-finish.ts";
import type { PageHashes, PageId } from "./page-slices.ts";
import { hashesOf, pagesOf, publicPathOf, renderPathOf } from "./page-slices.ts";
import type { Representation } from "./representation.ts";
import { buildRepresentation } from "./representation.ts";
import { PUBLIC_CONTENT_POLICY } from "./security-headers.ts";
import type { PageTemplate, TemplateStore } from "./template-store.ts";

export const STALE_AFTER_MS = 15_000;
const REBUILD_EVERY_MS = 5_000;
const WARM_FOR_MS = 60_000;
const SAVE_EVERY_MS = 30_000;
/** How long a visitor of a page that nobody looked at waits for fresh content before the stored one is good enough. */
const PATIENCE_MS = 800;
const MOST_PREPARED_PAGES = 300;

export const PAGE_CACHE_CONTROL = "public, max-age=5, stale-while-revalidate=60, stale-if-error=86400";

export type RenderPage = (path: string) => Promise<string>;

type Finished = { readonly representation: Representation; readonly template: PageTemplate; readonly asOfMs: number; readonly isStale: boolean; readonly atMs: number };

type Entry = {
  readonly pageId: PageId;
  readonly language: Language;
  template: PageTemplate | null;
  renderedAtMs: number;
  savedAtMs: number;
  finished: Finished | null;
  /** Until then the finished bytes may be served without a look at anything else. */
  validUntilMs: number;
  usedAtMs: number;
  rendering: Promise<void> | null;
  finishing: Promise<void> | null;
};

export type PageCacheStats = { renders: number; renderFailures: number; finishes: number; hits: number; waits: number };

export type PageCache = {
  /** A new snapshot: what must be seen at once is rendered at once. */
  readonly accept: (snapshot: Snapshot) => void;
  /** The bytes to serve now, or null when they have to be waited for. One look-up. */
  readonly peek: (pageId: PageId, language: Language) => Representation | null;
  /** The bytes of a page, made when needed; null when the page cannot be shown yet. One rebuild for any number of callers. */
  readonly get: (pageId: PageId, language: Language) => Promise<Representation | null>;
  readonly has: (pageId: PageId) => boolean;
  /** Keeps what is looked at fresh, and turns pages stale when nothing new comes. Called about every second. */
  readonly tick: () => Promise<void>;
  readonly loadFromDisk: () => Promise<void>;
  readonly stats: PageCacheStats;
};

type CacheArgs = {
  readonly render: RenderPage;
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: TemplateStore | null;
};

const newEntry = (pageId: PageId, language: Language): Entry => ({
  pageId,
  language,
  template: null,
  renderedAtMs: Number.NEGATIVE_INFINITY,
  savedAtMs: Number.NEGATIVE_INFINITY,
  finished: null,
  validUntilMs: Number.NEGATIVE_INFINITY,
  usedAtMs: Number.NEGATIVE_INFINITY,
  rendering: null,
  finishing: null,
});

const keyOf = (pageId: PageId, language: Language): string => `${language}\n${pageId}`;

/**
 * Public pages as finished bytes. Next renders a template only when the page's content changed; filling in the
 * instant, the stale banner, compression and entity tags are done here, so pages outlive Next, the engine and Postgres.
 */
export const createPageCache = ({ render, clock, log, store }: CacheArgs): PageCache => {
  const entries = new Map<string, Entry>();
  const stats: PageCacheStats = { renders: 0, renderFailures: 0, finishes: 0, hits: 0, waits: 0 };
  let snapshot: Snapshot | null = null;
  let hashes = new Map<PageId, PageHashes | null>();
  let renderQueue: Promise<void> = Promise.resolve();

  const entryOf = (pageId: PageId, language: Language): Entry => {
    const key = keyOf(pageId, language);
    const found = entries.get(key);
    if (found !== undefined) return found;
    const entry = newEntry(pageId, language);
    entries.set(key, entry);
    return entry;
  };

  const wantedOf = (pageId: PageId): PageHashes | null => {
    if (snapshot === null) return null;
    let wanted = hashes.get(pageId);
    if (wanted === undefined) {
      wanted = hashesOf(snapshot, pageId);
      hashes.set(pageId, wanted);
    }
    return wanted;
  };

  const save = async (entry: Entry, isUrgent: boolean): Promise<void> => {
    if (store === null || entry.template === null) return;
    if (!isUrgent && clock.monotonicMs() - entry.savedAtMs < SAVE_EVERY_MS) return;
    entry.savedAtMs = clock.monotonicMs();
    try {
      await store.save({ pageId: entry.pageId, language: entry.language, template: entry.template });
    } catch (error) {
      log.warn({ page: entry.pageId, error }, "a rendered page could not be stored on disk");
    }
  };

  const renderNow = async (entry: Entry): Promise<void> => {
    const shown = snapshot;
    const wanted = wantedOf(entry.pageId);
    if (shown === null || wanted === null) return;
    entry.renderedAtMs = clock.monotonicMs();
    try {
      const html = stripScripts(await render(renderPathOf(entry.pageId, entry.language)));
      stats.renders += 1;
      const isUrgent = entry.template?.hashes.urgent !== wanted.urgent;
      // A newer snapshot may have come meanwhile; the page is then rendered again, and says the older instant until it is.
      entry.template = { html, hashes: wanted, asOfMs: Date.parse(shown.dataAsOf) };
      void save(entry, isUrgent);
    } catch (error) {
      stats.renderFailures += 1;
      log.warn({ page: entry.pageId, language: entry.language, error }, "a page could not be rendered; the last one stays");
    }
  };

  /** One rendering at a time, and one for any number of callers. */
  const startRender = (entry: Entry): Promise<void> => {
    if (entry.rendering === null) {
      entry.rendering = renderQueue.then(() => renderNow(entry)).finally(() => {
        entry.rendering = null;
      });
      renderQueue = entry.rendering;
    }
    return entry.rendering;
  };

  const isDue = (entry: Entry): "now" | "later" | "no" => {
    const wanted = wantedOf(entry.pageId);
    if (wanted === null || wanted.content === entry.template?.hashes.content) return "no";
    const isRecent = clock.monotonicMs() - entry.renderedAtMs < REBUILD_EVERY_MS;
    if (entry.template === null || wanted.urgent !== entry.template.hashes.urgent) {
      // A failed rendering is tried again each second, not in a spin.
      return isRecent && clock.monotonicMs() - entry.renderedAtMs < 900 ? "later" : "now";
    }
    return isRecent ? "later" : "now";
  };

  const asOfMsOf = (entry: Entry, template: PageTemplate): number =>
    snapshot !== null && wantedOf(entry.pageId)?.content === template.hashes.content
      ? Date.parse(snapshot.dataAsOf)
      : template.asOfMs;

  const build = async (entry: Entry, template: PageTemplate, asOfMs: number, isStale: boolean): Promise<void> => {
    const asOfIso = new Date(asOfMs).toISOString();
    const asOfText = asOfTextOf(asOfMs, snapshot?.page.timeZone ?? "UTC", entry.language);
    const representation = await buildRepresentation({
      body: Buffer.from(finishPage(template.html, { asOfIso, asOfText, isStale })),
      contentType: "text/html; charset=utf-8",
      cacheControl: PAGE_CACHE_CONTROL,
      vary: "Accept-Encoding, Accept-Language",
      lastModifiedMs: asOfMs,
      extraHeaders: ["Content-Language", entry.language, "Content-Security-Policy", PUBLIC_CONTENT_POLICY],
      brotliQuality: 5,
    });
    stats.finishes += 1;
    entry.finished = { representation, template, asOfMs, isStale, atMs: clock.monotonicMs() };
  };

  /** Brings the finished bytes in line with the template and the clock. */
  const finish = (entry: Entry): Promise<void> => {
    if (entry.finishing !== null) return entry.finishing;
    const { template, finished } = entry;
    if (template === null) return Promise.resolve();
    const now = clock.monotonicMs();
    const asOfMs = asOfMsOf(entry, template);
    const isStale = clock.now() - asOfMs > STALE_AFTER_MS;
    entry.validUntilMs = now + REBUILD_EVERY_MS;
    const isCurrent =
      finished !== null &&
      finished.template === template &&
      finished.isStale === isStale &&
      (finished.asOfMs === asOfMs || now - finished.atMs < REBUILD_EVERY_MS);
    if (isCurrent) return Promise.resolve();
    entry.finishing = build(entry, template, asOfMs, isStale).finally(() => {
      entry.finishing = null;
    });
    return entry.finishing;
  };

  const renderAndFinish = (entry: Entry): void => {
    void startRender(entry).then(() => finish(entry));
  };

  const get = async (pageId: PageId, language: Language): Promise<Representation | null> => {
    const entry = entryOf(pageId, language);
    entry.usedAtMs = clock.monotonicMs();
    stats.waits += 1;
    if (entry.rendering !== null || isDue(entry) === "now") {
      const rendering = startRender(entry);
      // Whoever has something to show does not wait for ever; the others wait for the first rendering.
      const patience = new AbortController();
      const enough = clock.sleep(PATIENCE_MS, patience.signal).catch(() => {});
      await (entry.template === null ? rendering : Promise.race([rendering, enough]));
      patience.abort();
    }
    await finish(entry);
    return entry.finished?.representation ?? null;
  };

  const dropPagesThatAreGone = (current: Snapshot): void => {
    const alive = new Set(pagesOf(current));
    for (const [key, entry] of entries) {
      if (alive.has(entry.pageId) && current.page.languages.includes(entry.language)) continue;
      entries.delete(key);
      void store?.remove(entry.pageId, entry.language).catch(() => {});
    }
  };

  /** Pages that nobody asked for yet are prepared one at a time, so that a restart finds all of them on disk. */
  const prepareOne = (current: Snapshot): void => {
    const pages = pagesOf(current);
    if (pages.length * current.page.languages.length > MOST_PREPARED_PAGES) return;
    for (const pageId of pages) {
      for (const language of current.page.languages) {
        const entry = entryOf(pageId, language);
        if (entry.rendering !== null) return;
        if (isDue(entry) !== "now" || entry.template?.hashes.urgent === wantedOf(pageId)?.urgent) continue;
        renderAndFinish(entry);
        return;
      }
    }
  };

  return {
    stats,
    accept: (next) => {
      snapshot = next;
      hashes = new Map();
      dropPagesThatAreGone(next);
      for (const language of next.page.languages) entryOf("home", language);
      for (const entry of entries.values()) {
        const isLookedAt = entry.pageId === "home" || clock.monotonicMs() - entry.usedAtMs < WARM_FOR_MS;
        if (isLookedAt && isDue(entry) === "now" && entry.template?.hashes.urgent !== wantedOf(entry.pageId)?.urgent) {
          renderAndFinish(entry);
        }
      }
    },
    peek: (pageId, language) => {
      const entry = entries.get(keyOf(pageId, language));
      if (entry === undefined || entry.finished === null) return null;
      const now = clock.monotonicMs();
      if (now > entry.validUntilMs) return null;
      entry.usedAtMs = now;
      stats.hits += 1;
      return entry.finished.representation;
    },
    get,
    has: (pageId) => wantedOf(pageId) !== null,
    tick: async () => {
      const now = clock.monotonicMs();
      const first = snapshot?.page.languages[0];
      for (const entry of entries.values()) {
        const isWarm = now - entry.usedAtMs < WARM_FOR_MS || (entry.pageId === "home" && entry.language === first);
        if (!isWarm) continue;
        if (entry.rendering === null && isDue(entry) === "now") renderAndFinish(entry);
        await finish(entry);
      }
      if (snapshot !== null) prepareOne(snapshot);
    },
    loadFromDisk: async () => {
      if (store === null) return;
      for (const { pageId, language, template } of await store.load()) entryOf(pageId, language).template ??= template;
    },
  };
};

export { publicPathOf };
