import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openDatabase } from "#db/database.ts";
import type { CommandContext } from "#lib/cli/command.ts";
import { currentDataFolder, findDatabaseUrl } from "#lib/cli/open-database.ts";
import { PROJECT_ROOT } from "#lib/cli/start/project-root.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { pagesOfSnapshot, viewOfPage } from "#lib/contracts/page-view.ts";
import { Snapshot } from "#lib/contracts/snapshot.ts";
import { AppError } from "#lib/core/errors.ts";
import { readPublishedSnapshot } from "#lib/read/published-snapshot.ts";
import type { Database } from "#lib/read/web-context.ts";
import { setWebContext } from "#lib/read/web-context.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { createLogger } from "#lib/runtime/logger.ts";
import { createNextRenderer } from "#lib/web/next-renderer.ts";
import { createPageCache } from "#lib/web/page-cache.ts";
import { STALE_AFTER_MS } from "#lib/web/page-entry.ts";
import { openStaticFiles } from "#lib/web/static-files.ts";
import type { StaticSite } from "#lib/web/static-site.ts";
import { buildStaticSite } from "#lib/web/static-site.ts";

/** A database that is away: public pages are drawn from the snapshot alone. */
const noDatabase = (): Database => {
  const away = () => Promise.reject(new AppError("DATABASE_UNREACHABLE", "an export works without a database"));
  return {
    read: away,
    transaction: away,
    listen: () => Promise.resolve(() => Promise.resolve()),
    close: () => Promise.resolve(),
  };
};

/** What was published last: from the database, or from the copy on disk when no service runs. @throws AppError NOT_READY */
export const readLastSnapshot = async (env: CommandContext["env"]): Promise<Snapshot> => {
  const url = await findDatabaseUrl(env).catch(() => null);
  if (url !== null) {
    const database = openDatabase({ url, applicationName: "nines-cli", maxConnections: 1 });
    try {
      const snapshot = await readPublishedSnapshot(database, 0);
      if (snapshot !== null) return snapshot;
    } finally {
      await database.close();
    }
  }
  const file = join(await currentDataFolder(env), "page-cache", "snapshot.json");
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null) throw new AppError("NOT_READY", "nothing has been published yet: start the service first");
  return Snapshot.parse(JSON.parse(text));
};

/** The view of a page that everybody may see. @throws AppError USAGE for any other */
export const publicView = (snapshot: Snapshot, pageId: string): Snapshot => {
  const pages = pagesOfSnapshot(snapshot);
  const page = pages.find(({ id }) => id === pageId);
  if (page === undefined)
    throw new AppError("USAGE", `there is no page "${pageId}"; there are ${pages.map(({ id }) => id).join(", ")}`);
  if (page.audience.kind !== "public")
    throw new AppError("USAGE", `the page "${pageId}" is not for everybody, and files on a static host are`);
  return viewOfPage(snapshot, page);
};

type DrawOptions = { readonly fallbackUrl: string; readonly clock?: Clock };

/** Next tells of itself on standard output, which belongs to what the command prints: meanwhile it goes to standard error. */
const withNextOnStderr = async <T>(work: () => Promise<T>): Promise<T> => {
  const { write } = process.stdout;
  process.stdout.write = process.stderr.write.bind(process.stderr);
  try {
    return await work();
  } finally {
    process.stdout.write = write;
  }
};

/**
 * Draws the whole page as files. The pages must have been built (`nines start` and `nines build` do).
 * @param fallbackUrl for feeds, when the page has no configured address. @throws AppError BUILD_FAILED
 */
export const drawSite = (view: Snapshot, options: DrawOptions): Promise<StaticSite> =>
  withNextOnStderr(() => draw(view, options));

const draw = async (view: Snapshot, { fallbackUrl, clock = systemClock }: DrawOptions): Promise<StaticSite> => {
  const log = createLogger({ service: "nines-cli", level: "silent" });
  const renderer = await createNextRenderer({ dir: PROJECT_ROOT, isProduction: true, log });
  try {
    setWebContext({
      database: noDatabase(),
      clock,
      snapshot: () => view,
      findSession: () => Promise.resolve(null),
      secretBox: createSecretBox(new Uint8Array(32)),
      reportFault: () => undefined,
    });
    const script = join(PROJECT_ROOT, "app", "(public)", "enhance.js");
    const files = await openStaticFiles(join(PROJECT_ROOT, ".next", "static"), script);
    const { render } = renderer;
    const pages = createPageCache({
      render,
      clock,
      log,
      store: null,
      rendersAlways: false,
      scriptPath: files.scriptPath,
    });
    pages.accept(view);
    const isStale = clock.now() - Date.parse(view.dataAsOf) > STALE_AFTER_MS;
    const site = await buildStaticSite({ view, pages, files, fallbackUrl, isStale });
    await pages.settled();
    return site;
  } finally {
    await renderer.close();
  }
};
