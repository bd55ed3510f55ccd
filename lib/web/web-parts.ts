import { join } from "node:path";
import { findSession } from "#lib/commands/sessions.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { readSloMetrics } from "#lib/read/slo-metrics.ts";
import { setWebContext } from "#lib/read/web-context.ts";
import { createBlackbox } from "./blackbox.ts";
import { watchHealth } from "./health.ts";
import { openHeartbeatDesk } from "./heartbeats.ts";
import { createInboundContext } from "./inbound.ts";
import { createIngestContext } from "./ingest.ts";
import { createOpenApiFile } from "./openapi-file.ts";
import { createPageCache } from "./page-cache.ts";
import type { RouterContext } from "./router.ts";
import { shareWhileRunning } from "./share-while-running.ts";
import { createSite } from "./site.ts";
import { followSnapshots } from "./snapshot-source.ts";
import { openStaticFiles } from "./static-files.ts";
import { createStatuspageCache } from "./statuspage-cache.ts";
import { createTemplateStore } from "./template-store.ts";
import type { WebServerArgs } from "./web-args.ts";

export type WebParts = {
  readonly router: RouterContext;
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

const openCaches = async (args: WebServerArgs, folder: string, baseUrl: () => string) => {
  const { clock, log, renderer, isProduction, buildId } = args;
  // In development every page is rendered anew: what lies on disk is of older code.
  const store = isProduction ? createTemplateStore({ folder: join(folder, "templates"), buildId, log }) : null;
  const pages = createPageCache({ render: renderer.render, clock, log, store, rendersAlways: !isProduction });
  const statuspage = createStatuspageCache({ clock, fallbackUrl: baseUrl });
  await pages.loadFromDisk();
  return { pages, statuspage, site: createSite(pages, statuspage), files: await openStaticFiles(args.staticDir) };
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

/** Makes and connects what the web role serves from; loads what lies on disk. `baseUrl` is asked after the port is known. */
export const assembleWeb = async (
  args: WebServerArgs,
  baseUrl: () => string,
  signal: AbortSignal,
): Promise<WebParts> => {
  const { dataDir, database, clock, log, renderer, isProduction, randomBytes } = args;
  const folder = join(dataDir, "page-cache");
  const caches = await openCaches(args, folder, baseUrl);
  const { pages, statuspage, site } = caches;

  let current: Snapshot | null = null;
  const snapshot = (): Snapshot | null => current;
  const session = (token: string) => findSession(database, { token, now: clock.now() });
  const reportFault = (error: unknown, path: string): void =>
    log.error({ error, path }, "a page could not be rendered");
  setWebContext({ database, clock, snapshot, findSession: session, reportFault });
  const onSnapshot = (next: Snapshot): void => {
    current = next;
    site.accept(next);
    pages.accept(next);
    statuspage.refresh(next).catch((error: unknown) => log.error({ error }, "the Statuspage API could not be rebuilt"));
  };
  const source = await followSnapshots({
    database,
    clock,
    log,
    signal,
    file: join(folder, "snapshot.json"),
    onSnapshot,
  });
  const isPageReady = (): boolean => {
    const language = current?.page.languages[0];
    return language !== undefined && pages.isReady("home", language);
  };
  const health = watchHealth({ database, clock, signal, snapshot, isPageReady });

  const heartbeats = openHeartbeatDesk({ database, clock, log, signal });

  const router: RouterContext = {
    api: { ...args, snapshot, findSession: session },
    ...forPrograms(args, signal),
    heartbeats,
    admin: { database, clock, randomBytes, renderer, isProduction, findSession: session },
    ...caches,
    health,
    snapshot,
    isPageReady,
    collectMetrics: shareMetrics(args),
    openApi: createOpenApiFile(args.version),
    baseUrl,
  };
  return {
    router,
    refresh: async () => {
      await pages.tick();
      if (current !== null) await statuspage.refresh(current);
    },
    ended: Promise.all([source.ended, health.ended, heartbeats.ended]).then(() =>
      isProduction ? pages.settled() : undefined,
    ),
  };
};
