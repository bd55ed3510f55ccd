import { join } from "node:path";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { MAIN_PAGE_ID } from "#lib/contracts/snapshot-pages.ts";
import { readSloMetrics } from "#lib/read/slo-metrics.ts";
import { readStaticSiteDirectory } from "#lib/read/static-site.ts";
import { setWebContext } from "#lib/read/web-context.ts";
import { openApiParts } from "./api-parts.ts";
import { createBlackbox } from "./blackbox.ts";
import { watchHealth } from "./health.ts";
import { openHeartbeatDesk } from "./heartbeats.ts";
import type { IdentityDesk } from "./identity-desk.ts";
import { createIdentityDesk } from "./identity-desk.ts";
import { createInboundContext } from "./inbound.ts";
import { createIngestContext } from "./ingest.ts";
import { createDescriptions } from "./openapi-file.ts";
import type { PageCache } from "./page-cache.ts";
import { createPageCache } from "./page-cache.ts";
import type { RenderPage } from "./page-entry.ts";
import type { PublicContext } from "./public-routes.ts";
import { publishStaticSite } from "./publish-static-site.ts";
import type { RouterContext } from "./router.ts";
import { shareWhileRunning } from "./share-while-running.ts";
import type { SiteDesk, SiteDesks } from "./site-desk.ts";
import { createSiteDesks, renderedSnapshot } from "./site-desk.ts";
import { followSnapshots } from "./snapshot-source.ts";
import type { StaticFiles } from "./static-files.ts";
import { openStaticFiles } from "./static-files.ts";
import { createTemplateStore } from "./template-store.ts";
import type { WebServerArgs } from "./web-args.ts";

type FindSession = (token: string) => ReturnType<IdentityDesk["findSession"]>;

export type WebParts = {
  /** Of the main page. */
  readonly router: RouterContext;
  /** What answers requests with this Host header. */
  readonly contextAt: (host: string | undefined) => RouterContext;
  /** Ends streams of events, which would never end by themselves. */
  readonly closeStreams: () => void;
  /** Brings pages and `/api/v2` in line with the snapshot and the clock. */
  readonly refresh: () => Promise<void>;
  /** Settles when the background loops have ended after the signal's abort. */
  readonly ended: Promise<unknown>;
};

/** The processes' own metrics and the SLOs. Without the database the former alone. */
const collectAllMetrics = async (
  { collectMetrics, database }: WebServerArgs,
  format: Parameters<WebServerArgs["collectMetrics"]>[0],
): Promise<string> => {
  const [own, slos] = await Promise.all([collectMetrics(format), readSloMetrics(database).catch(() => "")]);
  // OpenMetrics ends with a line that says so, and knows no empty lines.
  return format === "text" ? `${own}${slos}` : `${own.replace(/# EOF\n$/, "")}${slos.replaceAll("\n\n", "\n")}# EOF\n`;
};

/** Opens the caches of pages that live below `folder`: the main page's at once, those of others as they come. */
const openDesks = async (
  args: WebServerArgs,
  {
    folder,
    baseUrl,
    session,
    files,
  }: { folder: string; baseUrl: () => string; session: FindSession; files: StaticFiles },
): Promise<SiteDesks> => {
  const { clock, log, renderer, isProduction, buildId } = args;
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
  const { render } = renderer;
  const desks = createSiteDesks({
    clock,
    render,
    openPages,
    baseUrl,
    findSession: session,
    onFault,
    mainId: MAIN_PAGE_ID,
  });
  await desks.main.pages.loadFromDisk();
  return desks;
};

/** What the router answers from at a host: made once for each page. */
const contextsOf = (
  desks: SiteDesks,
  base: Omit<RouterContext, keyof PublicContext | "site" | "snapshot">,
  trustedHops: number,
) => {
  const known = new WeakMap<SiteDesk, RouterContext>();
  const contextOf = (desk: SiteDesk): RouterContext => {
    const found = known.get(desk);
    if (found !== undefined) return found;
    const { site, snapshot } = desk;
    const made: RouterContext = { ...base, desk, site, snapshot, trustedHops, isMisdirected: false };
    known.set(desk, made);
    return made;
  };
  const misdirected: RouterContext = { ...contextOf(desks.main), isMisdirected: true };
  return {
    main: contextOf(desks.main),
    at: (host: string | undefined): RouterContext => {
      const desk = desks.at(host);
      return desk === null ? misdirected : contextOf(desk);
    },
  };
};

const shareMetrics = (args: WebServerArgs): RouterContext["collectMetrics"] => ({
  text: shareWhileRunning(() => collectAllMetrics(args, "text")),
  openmetrics: shareWhileRunning(() => collectAllMetrics(args, "openmetrics")),
});

/** What agents, Prometheus and Alertmanager speak to. */
const forPrograms = (
  { database, clock, log, version, secretBox, runBlackbox }: WebServerArgs,
  signal: AbortSignal,
): Pick<RouterContext, "ingest" | "inbound" | "blackbox"> => ({
  ingest: createIngestContext({ database, clock, log, secretBox }),
  inbound: createInboundContext({ database, clock, log, version }),
  blackbox: runBlackbox === undefined ? null : createBlackbox({ database, run: runBlackbox, signal }),
});

/** What is published now, told to the pages of Next and to every desk. */
const shareSnapshot = ({ database, clock, log, secretBox }: WebServerArgs, desks: SiteDesks, session: FindSession) => {
  let current: Snapshot | null = null;
  setWebContext({
    database,
    clock,
    // A public page sees what it may show; admin pages see everything.
    snapshot: () => renderedSnapshot() ?? current,
    findSession: session,
    secretBox,
    reportFault: (error, path) => log.error({ error, path }, "a page could not be rendered"),
  });
  return {
    snapshot: (): Snapshot | null => current,
    onSnapshot: (next: Snapshot): void => {
      current = next;
      desks.accept(next);
    },
    isPageReady: (): boolean => {
      const language = desks.main.snapshot()?.page.languages[0];
      return language !== undefined && desks.main.pages.isReady("home", language);
    },
  };
};

/** Makes and connects what the web role serves from; loads what lies on disk. `baseUrl` is asked after the port is known. */
export const assembleWeb = async (
  args: WebServerArgs,
  baseUrl: () => string,
  signal: AbortSignal,
): Promise<WebParts> => {
  const { dataDir, database, clock, log, renderer, isProduction, randomBytes } = args;
  const folder = join(dataDir, "page-cache");
  const files = await openStaticFiles(args.staticDir, args.scriptFile ?? null);
  const { secretBox, resolveSecret = () => null } = args;
  const identity = createIdentityDesk({ database, clock, resolveSecret });
  const session: FindSession = identity.findSession;
  const desks = await openDesks(args, { folder, baseUrl, session, files });

  const { snapshot, onSnapshot, isPageReady } = shareSnapshot(args, desks, session);
  const file = join(folder, "snapshot.json");
  const source = await followSnapshots({ database, clock, log, signal, file, onSnapshot });
  const health = watchHealth({ database, clock, signal, snapshot, isPageReady });

  const heartbeats = openHeartbeatDesk({ database, clock, log, signal });

  const api = openApiParts(args, signal);
  const contexts = contextsOf(
    desks,
    {
      api: {
        ...args,
        snapshot,
        findSession: session,
        findMachine: identity.findMachine,
        gate: api.gate,
        live: api.live,
      },
      ...forPrograms(args, signal),
      heartbeats,
      admin: {
        ...{ database, clock, log, randomBytes, renderer, isProduction, secretBox, identity, findSession: session },
        trustedHops: args.apiSettings?.trustedHops ?? 0,
      },
      files,
      health,
      isPageReady,
      collectMetrics: shareMetrics(args),
      descriptions: createDescriptions(args.version),
      baseUrl,
    },
    args.apiSettings?.trustedHops ?? 0,
  );
  const desk = desks.main;
  const readDirectory = (): Promise<string | null> => readStaticSiteDirectory(database);
  const publishing = publishStaticSite({ desk, files, clock, log, signal, baseUrl, readDirectory });
  return {
    router: contexts.main,
    contextAt: contexts.at,
    refresh: desks.refresh,
    closeStreams: () => {
      api.live.stop();
      for (const { live } of desks.all()) live.close();
    },
    ended: Promise.all([publishing, source.ended, health.ended, heartbeats.ended, api.ended]).then(() =>
      isProduction ? Promise.all(desks.all().map(({ pages }) => pages.settled())) : undefined,
    ),
  };
};
