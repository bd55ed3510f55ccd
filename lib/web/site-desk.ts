import { AsyncLocalStorage } from "node:async_hooks";
import { documentsOnPage, pagesOfSnapshot, viewOfPage } from "#lib/contracts/page-view.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import type { Archive, ArchivedDocuments } from "#lib/contracts/snapshot-archive.ts";
import type { SnapshotPage } from "#lib/contracts/snapshot-pages.ts";
import type { Session } from "#lib/read/web-context.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { FeedDesk } from "./feeds.ts";
import { createFeedDesk } from "./feeds.ts";
import { createPageAccess } from "./page-access.ts";
import type { PageCache } from "./page-cache.ts";
import type { RenderPage } from "./page-entry.ts";
import type { PageStream } from "./page-stream.ts";
import { createPageStream } from "./page-stream.ts";
import type { Site } from "./site.ts";
import { createSite } from "./site.ts";
import type { StatuspageCache } from "./statuspage-cache.ts";
import { createStatuspageCache } from "./statuspage-cache.ts";

/** Everything that is served of one page, each from its view of the snapshot. */
export type SiteDesk = {
  readonly pageId: string;
  /** The page's view; null before the first snapshot. */
  readonly snapshot: () => Snapshot | null;
  /** What was said of entries of the view's archive, as the page tells it. */
  readonly archived: ReadArchived;
  readonly pages: PageCache;
  readonly statuspage: StatuspageCache;
  readonly site: Site;
  readonly live: PageStream;
  readonly feeds: FeedDesk;
  /** Whether everybody may see the page: only then are finished bytes given out without a look at who asks. */
  readonly isPublic: () => boolean;
  readonly admit: ReturnType<typeof createPageAccess>;
};

type ReadArchived = (entries: Archive) => Promise<ArchivedDocuments>;

export type SiteDesks = {
  readonly main: SiteDesk;
  readonly all: () => readonly SiteDesk[];
  /** The desk of a Host header; null when no page is served there. */
  readonly at: (host: string | undefined) => SiteDesk | null;
  readonly accept: (snapshot: Snapshot) => void;
  /** What is over, also long ago: it stands beside each snapshot from now on. */
  readonly acceptArchive: (archive: Archive) => void;
  /** Brings everything in line with the clock. Called about every second. */
  readonly refresh: () => Promise<void>;
};

type DeskArgs = {
  readonly clock: Clock;
  readonly render: RenderPage;
  /** A cache of pages that renders by `render`, with a place of its own on disk. */
  readonly openPages: (pageId: string, render: RenderPage) => PageCache;
  readonly baseUrl: () => string;
  readonly findSession: (token: string) => Promise<Session | null>;
  /** Documents of the archive, whole. */
  readonly readArchived: ReadArchived;
  readonly onFault: (error: unknown) => void;
};

type OwnDesk = SiteDesk & {
  readonly accept: (snapshot: Snapshot, page: SnapshotPage) => void;
  readonly refresh: () => Promise<void>;
};

/** What is being rendered: all that a page of Next sees of the snapshot and of the archive. */
const renderScope = new AsyncLocalStorage<Pick<SiteDesk, "snapshot" | "archived">>();

/** The view of the page that the caller is rendered for; null outside of the rendering of a public page. */
export const renderedSnapshot = (): Snapshot | null => renderScope.getStore()?.snapshot() ?? null;

/** Documents of the archive for the page that the caller is rendered for; none outside of that. */
export const renderedArchive: ReadArchived = async (entries) =>
  (await renderScope.getStore()?.archived(entries)) ?? { incidents: [], maintenances: [] };

/** Host of a Host header in lower case, without port and trailing dot. */
const hostNameOf = (host: string): string => host.toLowerCase().replace(/:\d+$/, "").replace(/\.$/, "");

const createDesk = (args: DeskArgs, pageId: string): OwnDesk => {
  const { clock, render, openPages, baseUrl, findSession, readArchived, onFault } = args;
  let view: Snapshot | null = null;
  let shown: { readonly whole: Snapshot; readonly page: SnapshotPage } | null = null;
  let audience = JSON.stringify({ kind: "public" });
  let admit = createPageAccess({ kind: "public" }, findSession);
  // The whole state of an audience is in its text; a page that was never accepted is nobody's.
  let isPublic = false;
  let isChangeUntold = false;
  const snapshot = (): Snapshot | null => view;
  const archived: ReadArchived = async (entries) => {
    const of = shown;
    if (of === null) return { incidents: [], maintenances: [] };
    return documentsOnPage(await readArchived(entries), of.page, of.whole);
  };
  const pages = openPages(pageId, (path) => renderScope.run({ snapshot, archived }, () => render(path)));
  const statuspage = createStatuspageCache({ clock, fallbackUrl: baseUrl });
  const site = createSite(pages, statuspage);
  const live = createPageStream(clock);
  const feeds = createFeedDesk({ clock, fallbackUrl: baseUrl });

  /** Readers fetch pages anew when told to, so they are told when those are finished. */
  const tellWhenRendered = (): void => {
    if (!isChangeUntold || !pages.isCurrent()) return;
    isChangeUntold = false;
    live.tellChanged();
  };
  return {
    pageId,
    snapshot,
    archived,
    pages,
    statuspage,
    site,
    live,
    feeds,
    isPublic: () => isPublic,
    admit: (req, clientAddress) => admit(req, clientAddress),
    accept: (whole, page) => {
      view = viewOfPage(whole, page);
      shown = { whole, page };
      const text = JSON.stringify(page.audience);
      if (text !== audience) {
        audience = text;
        admit = createPageAccess(page.audience, findSession);
        // Who read under the rules of before comes back through the new ones.
        live.close();
      }
      isPublic = page.audience.kind === "public";
      site.accept(view);
      pages.accept(view);
      isChangeUntold ||= !pages.isCurrent();
      live.accept(view);
      statuspage.refresh(view).catch(onFault);
      pages.settled().then(tellWhenRendered).catch(onFault);
    },
    refresh: async () => {
      await pages.tick();
      tellWhenRendered();
      live.tick();
      if (view !== null) await statuspage.refresh(view);
    },
  };
};

/** One desk for each page of the snapshot; the main page's is there from the start. */
export const createSiteDesks = (args: DeskArgs & { readonly mainId: string }): SiteDesks => {
  const main = createDesk(args, args.mainId);
  const desks = new Map<string, OwnDesk>([[args.mainId, main]]);
  let hosts = new Map<string, OwnDesk>();
  let isStrict = false;
  let archive: Archive = [];
  let published: Snapshot | null = null;

  const accept = (snapshot: Snapshot): void => {
    published = snapshot;
    const whole = archive.length === 0 ? snapshot : { ...snapshot, archive };
    const pages = pagesOfSnapshot(snapshot);
    const ids = new Set(pages.map(({ id }) => id));
    for (const [id, desk] of desks) {
      if (ids.has(id)) continue;
      desk.live.close();
      desks.delete(id);
    }
    const next = new Map<string, OwnDesk>();
    for (const page of pages) {
      const desk = desks.get(page.id) ?? createDesk(args, page.id);
      desks.set(page.id, desk);
      desk.accept(whole, page);
      for (const host of page.hosts) next.set(host, desk);
    }
    hosts = next;
    isStrict = (pages[0]?.hosts.length ?? 0) > 0;
  };

  return {
    main,
    all: () => [...desks.values()],
    at: (host) => {
      if (hosts.size === 0) return main;
      const found = host === undefined ? undefined : hosts.get(hostNameOf(host));
      return found ?? (isStrict ? null : main);
    },
    accept,
    acceptArchive: (next) => {
      archive = next;
      if (published !== null) accept(published);
    },
    refresh: async () => {
      for (const desk of desks.values()) await desk.refresh();
    },
  };
};
