import { join } from "node:path";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { MAIN_PAGE_ID } from "#lib/contracts/snapshot-pages.ts";
import type { Session } from "#lib/read/web-context.ts";
import type { ArchiveStore } from "./archive-store.ts";
import { createArchiveStore } from "./archive-store.ts";
import type { Exchange } from "./http/exchange.ts";
import { parseRequestTarget } from "./http/request-target.ts";
import { sendRepresentation } from "./http/send-representation.ts";
import type { StaticFiles } from "./http/static-files.ts";
import { openStaticFiles } from "./http/static-files.ts";
import type { PageCache } from "./page-cache.ts";
import { createPageCache } from "./page-cache.ts";
import type { RenderPage } from "./page-entry.ts";
import type { SiteDesks } from "./site-desk.ts";
import { createSiteDesks } from "./site-desk.ts";
import { loadSnapshotCopy } from "./snapshot-copy.ts";
import { createTemplateStore } from "./template-store.ts";
import type { WebFrontArgs } from "./web-args.ts";

/** What lies on disk, ready to be served. */
export type WebFront = {
  readonly desks: SiteDesks;
  readonly files: StaticFiles;
  /** The copy of the snapshot on disk; null without one. */
  readonly copy: Snapshot | null;
  readonly snapshotFile: string;
  /** Makes the bytes of the page that is asked for most, when it was ever rendered. Never rejects. */
  readonly finishFirstPage: () => Promise<void>;
  /** What is over, on disk. */
  readonly archive: ArchiveStore;
};

type FrontLinks = {
  /** Asked after the port is known. */
  readonly baseUrl: () => string;
  /** Settles when pages can be rendered. */
  readonly render: RenderPage;
  readonly findSession: (token: string) => Promise<Session | null>;
};

/** Opens the caches of pages that live below `folder`: the main page's at once, those of others as they come. */
const openDesks = async (
  args: WebFrontArgs,
  { folder, files, links, archive }: { folder: string; files: StaticFiles; links: FrontLinks; archive: ArchiveStore },
): Promise<SiteDesks> => {
  const { clock, log, isProduction, buildId } = args;
  const openPages = (pageId: string, render: RenderPage): PageCache => {
    const place = pageId === MAIN_PAGE_ID ? join(folder, "templates") : join(folder, "templates-of", pageId);
    // In development every page is rendered anew: what lies on disk is of older code.
    const store = isProduction ? createTemplateStore({ folder: place, buildId, log }) : null;
    const { scriptPath } = files;
    const pages = createPageCache({ render, clock, log, store, rendersAlways: !isProduction, scriptPath });
    if (pageId !== MAIN_PAGE_ID)
      pages.loadFromDisk().catch((error: unknown) => log.warn({ error }, "stored pages cannot be read"));
    return pages;
  };
  const onFault = (error: unknown): void => log.error({ error }, "what the page is served from could not be rebuilt");
  const desks = createSiteDesks({
    ...links,
    clock,
    openPages,
    onFault,
    mainId: MAIN_PAGE_ID,
    readArchived: archive.read,
  });
  await desks.main.pages.loadFromDisk();
  return desks;
};

const finishFirstPage = async ({ main }: SiteDesks): Promise<void> => {
  const language = main.snapshot()?.page.languages[0];
  if (language !== undefined) await main.pages.getStored("home", language).catch(() => null);
};

/** Loads what an earlier process left on disk. Needs neither database nor Next. */
export const openFront = async (args: WebFrontArgs, links: FrontLinks): Promise<WebFront> => {
  const folder = join(args.dataDir, "page-cache");
  const snapshotFile = join(folder, "snapshot.json");
  const archive = createArchiveStore({ folder: join(folder, "archive"), log: args.log });
  const [files, copy] = await Promise.all([
    openStaticFiles(args.staticDir, args.scriptFile ?? null),
    loadSnapshotCopy(snapshotFile, args.log),
    archive.load(),
  ]);
  const desks = await openDesks(args, { folder, files, links, archive });
  desks.acceptArchive(archive.list());
  if (copy !== null) desks.accept(copy);
  return { desks, files, copy, snapshotFile, archive, finishFirstPage: () => finishFirstPage(desks) };
};

/** Style sheets and script of the page, which everybody may have. */
const BUILT_FILE = /^\/_(?:next\/static|static)\/[^?#]+$/;

/** Answers what can be answered from the disk alone while the rest is being loaded; null for everything else. */
export const answerEarly = async ({ desks, files }: WebFront, exchange: Exchange): Promise<number | null> => {
  const { method, url = "/", headers } = exchange.req;
  if (method !== "GET" && method !== "HEAD") return null;
  const target = parseRequestTarget(url);
  if (target.kind === "path" && BUILT_FILE.test(target.path)) {
    const file = await files.get(target.path);
    if (file === null) return null;
    exchange.path = target.path;
    exchange.route = target.path.startsWith("/_next/") ? "/_next/static/*" : target.path;
    return sendRepresentation(exchange, file);
  }
  const desk = desks.at(headers.host);
  const quick = desk?.isPublic() === true ? desk.site.quick(url) : undefined;
  const stored = (await quick?.stored(exchange.req)) ?? null;
  if (quick === undefined || stored === null) return null;
  exchange.path = quick.path;
  exchange.route = quick.route;
  return sendRepresentation(exchange, stored);
};
