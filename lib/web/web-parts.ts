import { createFilePlanner } from "#lib/commands/config/plan-file.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { readSloMetrics } from "#lib/read/slo/metrics.ts";
import { readStaticSiteDirectory } from "#lib/read/static-site.ts";
import { setWebContext } from "#lib/read/web-context.ts";
import { createDescriptions } from "./api/openapi-file.ts";
import { openApiParts } from "./api/parts.ts";
import { followArchive } from "./archive-source.ts";
import { watchHealth } from "./health.ts";
import { createBlackbox } from "./inbound/blackbox.ts";
import { openHeartbeatDesk } from "./inbound/heartbeats.ts";
import { createInboundContext } from "./inbound/inbound.ts";
import { createIngestContext } from "./inbound/ingest.ts";
import type { PublicContext } from "./public-routes.ts";
import type { RouterContext } from "./router.ts";
import type { IdentityDesk } from "./session/identity-desk.ts";
import { createIdentityDesk } from "./session/identity-desk.ts";
import { shareWhileRunning } from "./share-while-running.ts";
import type { SiteDesk, SiteDesks } from "./site-desk.ts";
import { renderedArchive, renderedSnapshot } from "./site-desk.ts";
import { followSnapshots } from "./snapshot-source.ts";
import { publishStaticSite } from "./static-site/publish-static-site.ts";
import type { WebServerArgs } from "./web-args.ts";
import type { WebFront } from "./web-front.ts";

type FindSession = (token: string) => ReturnType<IdentityDesk["findSession"]>;

export type WebParts = {
  /** Of the main page. */
  readonly router: RouterContext;
  /** Whom a session belongs to. */
  readonly findSession: FindSession;
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
const shareSnapshot = (
  { database, clock, log, secretBox, configFile }: WebServerArgs,
  { desks, copy }: WebFront,
  session: FindSession,
) => {
  let current = copy;
  setWebContext({
    database,
    clock,
    // A public page sees what it may show; admin pages see everything.
    snapshot: () => renderedSnapshot() ?? current,
    archived: renderedArchive,
    findSession: session,
    secretBox,
    planConfig: createFilePlanner(database, { file: configFile ?? null, secretBox, clock }),
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

/** Makes and connects what the web role serves from, behind what lies on disk. */
export const assembleWeb = (
  args: WebServerArgs,
  { front, baseUrl, signal }: { front: WebFront; baseUrl: () => string; signal: AbortSignal },
): WebParts => {
  const { database, clock, log, renderer, isProduction, randomBytes } = args;
  const { desks, files, copy, snapshotFile: file } = front;
  const { secretBox, resolveSecret = () => null } = args;
  const identity = createIdentityDesk({ database, clock, resolveSecret });
  const session: FindSession = identity.findSession;

  const { snapshot, onSnapshot, isPageReady } = shareSnapshot(args, front, session);
  const source = followSnapshots({ database, clock, log, signal, file, copy, onSnapshot });
  const archive = followArchive({ database, clock, log, signal, store: front.archive, onArchive: desks.acceptArchive });
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
    findSession: session,
    contextAt: contexts.at,
    refresh: desks.refresh,
    closeStreams: () => {
      api.live.stop();
      for (const { live } of desks.all()) live.close();
    },
    ended: Promise.all([publishing, source.ended, archive.ended, health.ended, heartbeats.ended, api.ended]).then(() =>
      isProduction ? Promise.all(desks.all().map(({ pages }) => pages.settled())) : undefined,
    ),
  };
};
