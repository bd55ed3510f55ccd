import type { Snapshot } from "#lib/contracts/snapshot.ts";
import type { Language } from "#lib/core/definitions.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import type { Representation } from "./http/representation.ts";
import { buildRepresentation } from "./http/representation.ts";
import { PUBLIC_CONTENT_POLICY } from "./http/security-headers.ts";
import { asOfTextOf, finishPage, stripScripts } from "./page-finish.ts";
import type { PageHashes, PageId } from "./page-slices.ts";
import { hashesOf, renderPathOf } from "./page-slices.ts";
import type { PageTemplate, TemplateStore } from "./template-store.ts";

/** Data older than this is shown with a banner. */
export const STALE_AFTER_MS = 15_000;
/** Figures and the instant "data as of" follow at least this often. */
const REBUILD_EVERY_MS = 5_000;
const SAVE_EVERY_MS = 30_000;
const RETRY_AFTER_MS = 900;

const PAGE_CACHE_CONTROL = "public, max-age=5, stale-while-revalidate=60, stale-if-error=86400";

export type RenderPage = (path: string) => Promise<string>;
export type PageCacheStats = { renders: number; renderFailures: number; finishes: number; hits: number; waits: number };

type Finished = {
  readonly representation: Representation;
  readonly template: PageTemplate;
  readonly asOfMs: number;
  readonly isStale: boolean;
  readonly atMs: number;
};

/** One page in one language. Instants ending in AtMs and UntilMs are of the monotonic clock. */
export type PageEntry = {
  readonly pageId: PageId;
  readonly language: Language;
  template: PageTemplate | null;
  renderedAtMs: number;
  hasFailed: boolean;
  savedAtMs: number;
  finished: Finished | null;
  /** Until then the finished bytes may be served without a look at anything else. */
  validUntilMs: number;
  usedAtMs: number;
  rendering: Promise<void> | null;
  finishing: Promise<void> | null;
};

/** What all entries share. */
export type PageWorks = {
  readonly render: RenderPage;
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: TemplateStore | null;
  /** Development: a page is rendered anew for each visitor, because its code may have changed. */
  readonly rendersAlways: boolean;
  /** Address of the script that pages may use; null without one. */
  readonly scriptPath: string | null;
  readonly stats: PageCacheStats;
  snapshot: Snapshot | null;
  /** Of the present snapshot, computed when first asked for. */
  hashes: Map<PageId, PageHashes | null>;
  /** Writes to disk, one after the other, so that an old one never undoes a newer. Never rejects. */
  disk: Promise<void>;
  /** Pages are rendered one at a time: Next blocks the event loop while it does. */
  queue: Promise<void>;
};

const NEVER = Number.NEGATIVE_INFINITY;

/** A page that was not rendered yet. */
export const newPageEntry = (pageId: PageId, language: Language): PageEntry => ({
  pageId,
  language,
  template: null,
  renderedAtMs: NEVER,
  hasFailed: false,
  savedAtMs: NEVER,
  finished: null,
  validUntilMs: NEVER,
  usedAtMs: NEVER,
  rendering: null,
  finishing: null,
});

/** The hashes that a page should have now; null when the snapshot has no such page. */
export const wantedHashes = (works: PageWorks, pageId: PageId): PageHashes | null => {
  if (works.snapshot === null) return null;
  let wanted = works.hashes.get(pageId);
  if (wanted === undefined) {
    wanted = hashesOf(works.snapshot, pageId);
    // Addresses of nothing are without number: they are not remembered.
    if (wanted !== null) works.hashes.set(pageId, wanted);
  }
  return wanted;
};

/** Whether the template lacks something that must be seen at once. */
export const lacksUrgent = (works: PageWorks, entry: PageEntry): boolean => {
  const wanted = wantedHashes(works, entry.pageId);
  return wanted !== null && wanted.urgent !== entry.template?.hashes.urgent;
};

/** Whether to render now. Urgent changes do not wait; figures follow every few seconds; failures are tried again, not in a spin. */
export const isRenderDue = (works: PageWorks, entry: PageEntry): boolean => {
  const wanted = wantedHashes(works, entry.pageId);
  if (wanted === null || wanted.content === entry.template?.hashes.content) return false;
  const sinceMs = works.clock.monotonicMs() - entry.renderedAtMs;
  if (lacksUrgent(works, entry)) return !entry.hasFailed || sinceMs >= RETRY_AFTER_MS;
  return sinceMs >= REBUILD_EVERY_MS;
};

const onDisk = (works: PageWorks, pageId: PageId, work: () => Promise<void>): void => {
  works.disk = works.disk.then(work).catch((error: unknown) => {
    works.log.warn({ page: pageId, error }, "the disk copy of a page could not be changed");
  });
};

const saveTemplate = (works: PageWorks, entry: PageEntry, isUrgent: boolean): void => {
  const { store, clock } = works;
  const { pageId, language, template } = entry;
  if (store === null || template === null) return;
  if (!isUrgent && clock.monotonicMs() - entry.savedAtMs < SAVE_EVERY_MS) return;
  entry.savedAtMs = clock.monotonicMs();
  onDisk(works, pageId, () => store.save({ pageId, language, template }));
};

/** Takes the page off the disk. */
export const forgetTemplate = (works: PageWorks, { pageId, language }: PageEntry): void => {
  const { store } = works;
  if (store !== null) onDisk(works, pageId, () => store.remove(pageId, language));
};

const renderTemplate = async (works: PageWorks, entry: PageEntry): Promise<void> => {
  const shown = works.snapshot;
  const wanted = wantedHashes(works, entry.pageId);
  if (shown === null || wanted === null) return;
  entry.renderedAtMs = works.clock.monotonicMs();
  try {
    const html = stripScripts(await works.render(renderPathOf(entry.pageId, entry.language)));
    works.stats.renders += 1;
    const isUrgent = entry.template?.hashes.urgent !== wanted.urgent;
    // A newer snapshot may have come meanwhile; then the page is rendered again, and tells the older instant until it is.
    entry.template = { html, hashes: wanted, asOfMs: Date.parse(shown.dataAsOf) };
    entry.hasFailed = false;
    saveTemplate(works, entry, isUrgent);
  } catch (error) {
    works.stats.renderFailures += 1;
    if (!entry.hasFailed) {
      works.log.warn(
        { page: entry.pageId, language: entry.language, error },
        "a page could not be rendered; the last one stays",
      );
    }
    entry.hasFailed = true;
  }
};

/** Renders a page, once for any number of callers. Never rejects. */
export const startRender = (works: PageWorks, entry: PageEntry): Promise<void> => {
  if (entry.rendering === null) {
    entry.rendering = works.queue
      .then(() => renderTemplate(works, entry))
      .finally(() => {
        entry.rendering = null;
      });
    works.queue = entry.rendering;
  }
  return entry.rendering;
};

/** Data of the newest snapshot when the template shows all of it, else of the one that it was rendered from. */
const asOfOf = (works: PageWorks, entry: PageEntry, template: PageTemplate): number =>
  works.snapshot !== null && wantedHashes(works, entry.pageId)?.content === template.hashes.content
    ? Date.parse(works.snapshot.dataAsOf)
    : template.asOfMs;

const buildFinished = async (
  works: PageWorks,
  entry: PageEntry,
  what: Pick<Finished, "template" | "asOfMs" | "isStale">,
): Promise<void> => {
  const { template, asOfMs, isStale } = what;
  const asOfIso = new Date(asOfMs).toISOString();
  const asOfText = asOfTextOf(asOfMs, works.snapshot?.page.timeZone ?? "UTC", entry.language);
  const representation = await buildRepresentation({
    body: Buffer.from(finishPage(template.html, { asOfIso, asOfText, isStale, scriptPath: works.scriptPath })),
    contentType: "text/html; charset=utf-8",
    cacheControl: PAGE_CACHE_CONTROL,
    vary: "Accept-Encoding, Accept-Language",
    lastModifiedMs: asOfMs,
    extraHeaders: ["Content-Language", entry.language, "Content-Security-Policy", PUBLIC_CONTENT_POLICY],
    brotliQuality: 5,
  });
  works.stats.finishes += 1;
  entry.finished = { representation, template, asOfMs, isStale, atMs: works.clock.monotonicMs() };
};

/** Brings the finished bytes in line with the template and the clock, once for any number of callers. */
export const finishEntry = async (works: PageWorks, entry: PageEntry): Promise<void> => {
  if (entry.finishing !== null) await entry.finishing;
  const { template, finished } = entry;
  if (template === null) return;
  const now = works.clock.monotonicMs();
  const asOfMs = asOfOf(works, entry, template);
  const isStale = works.clock.now() - asOfMs > STALE_AFTER_MS;
  const isCurrent =
    finished !== null &&
    finished.template === template &&
    finished.isStale === isStale &&
    (finished.asOfMs === asOfMs || now - finished.atMs < REBUILD_EVERY_MS);
  if (!isCurrent) {
    entry.finishing ??= buildFinished(works, entry, { template, asOfMs, isStale }).finally(() => {
      entry.finishing = null;
    });
    await entry.finishing;
  }
  entry.validUntilMs = now + REBUILD_EVERY_MS;
};
