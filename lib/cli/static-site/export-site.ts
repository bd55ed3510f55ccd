import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "#db/database.ts";
import type { CommandContext } from "#lib/cli/command.ts";
import { currentDataFolder, findDatabaseUrl } from "#lib/cli/open-database.ts";
import { PROJECT_ROOT } from "#lib/cli/start/project-root.ts";
import { usageError } from "#lib/cli/usage-error.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { pagesOfSnapshot, viewOfPage } from "#lib/contracts/page-view.ts";
import { Snapshot } from "#lib/contracts/snapshot.ts";
import type { Archive, ArchivedDocuments } from "#lib/contracts/snapshot-archive.ts";
import type { SnapshotPage } from "#lib/contracts/snapshot-pages.ts";
import { AppError } from "#lib/core/errors.ts";
import { readPublishedSnapshot } from "#lib/read/published-snapshot.ts";
import type { Database } from "#lib/read/web-context.ts";
import { setWebContext } from "#lib/read/web-context.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { createLogger, silentLogger } from "#lib/runtime/logger.ts";
import { syncArchive } from "#lib/web/archive-source.ts";
import type { ArchiveStore } from "#lib/web/archive-store.ts";
import { createArchiveStore } from "#lib/web/archive-store.ts";
import { openStaticFiles } from "#lib/web/http/static-files.ts";
import { createNextRenderer } from "#lib/web/next-renderer.ts";
import { createPageCache } from "#lib/web/page-cache.ts";
import { STALE_AFTER_MS } from "#lib/web/page-entry.ts";
import { archivedFiles, writeStaticArchive } from "#lib/web/static-site/static-archive.ts";
import { buildStaticSite } from "#lib/web/static-site/static-site.ts";
import type { WrittenSite } from "#lib/web/static-site/write-static-site.ts";
import { writeStaticSite } from "#lib/web/static-site/write-static-site.ts";

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

/** What was published last, and where what is long over can be read. */
type Published = { readonly snapshot: Snapshot; readonly archive: ArchiveStore };

const withArchive = ({ snapshot, archive }: Published): Snapshot => {
  const entries = archive.list();
  return entries.length === 0 ? snapshot : { ...snapshot, archive: entries };
};

const readFromDatabase = async (url: string, folder: string): Promise<Published | null> => {
  const database = openDatabase({ url, applicationName: "nines-cli", maxConnections: 1 });
  try {
    const snapshot = await readPublishedSnapshot(database, 0);
    if (snapshot === null) return null;
    const archive = createArchiveStore({ folder, log: silentLogger });
    await archive.load();
    await syncArchive(database, archive);
    return { snapshot, archive };
  } finally {
    await database.close();
  }
};

const readFromDisk = async (env: CommandContext["env"]): Promise<Published> => {
  const folder = join(await currentDataFolder(env), "page-cache");
  const text = await readFile(join(folder, "snapshot.json"), "utf8").catch(() => null);
  if (text === null) throw new AppError("NOT_READY", "nothing has been published yet: start the service first");
  const archive = createArchiveStore({ folder: join(folder, "archive"), log: silentLogger });
  await archive.load();
  return { snapshot: Snapshot.parse(JSON.parse(text)), archive };
};

/**
 * Works with what was published last: from the database, or from the copy on disk when no service runs.
 * @throws AppError NOT_READY
 */
export const withPublished = async <T>(
  env: CommandContext["env"],
  work: (snapshot: Snapshot, archive: ArchiveStore) => Promise<T>,
): Promise<T> => {
  const url = await findDatabaseUrl(env).catch(() => null);
  const folder = await mkdtemp(join(tmpdir(), "nines-archive-"));
  try {
    const published = (url === null ? null : await readFromDatabase(url, folder)) ?? (await readFromDisk(env));
    return await work(withArchive(published), published.archive);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** The view of a page that everybody may see. @throws AppError USAGE for any other */
export const publicView = (
  snapshot: Snapshot,
  pageId: string,
): { readonly view: Snapshot; readonly page: SnapshotPage } => {
  const pages = pagesOfSnapshot(snapshot);
  const page = pages.find(({ id }) => id === pageId);
  if (page === undefined)
    throw usageError(`there is no page "${pageId}"; there are ${pages.map(({ id }) => id).join(", ")}`);
  if (page.audience.kind !== "public")
    throw usageError(`the page "${pageId}" is not for everybody, and files on a static host are`);
  return { view: viewOfPage(snapshot, page), page };
};

type DrawOptions = {
  readonly directory: string;
  readonly fallbackUrl: string;
  /** Documents of the archive as the page tells them. */
  readonly archived: (entries: Archive) => Promise<ArchivedDocuments>;
  readonly clock?: Clock;
};

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
 * Draws the whole page into a folder. The pages must have been built (`nines start` and `nines build` do).
 * @param fallbackUrl for feeds, when the page has no configured address. @throws AppError BUILD_FAILED
 */
export const drawSite = (view: Snapshot, options: DrawOptions): Promise<WrittenSite> =>
  withNextOnStderr(() => draw(view, options));

const draw = async (
  view: Snapshot,
  { directory, fallbackUrl, archived, clock = systemClock }: DrawOptions,
): Promise<WrittenSite> => {
  const log = createLogger({ service: "nines-cli", level: "silent" });
  const renderer = await createNextRenderer({ dir: PROJECT_ROOT, isProduction: true, log });
  try {
    setWebContext({
      database: noDatabase(),
      clock,
      snapshot: () => view,
      archived,
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
    const { site, layout } = await buildStaticSite({ view, pages, files, fallbackUrl, isStale });
    const source = { view, pages, layout };
    const result = await writeStaticSite(directory, site, archivedFiles(source));
    const others = new Set(site.keys());
    const old = await writeStaticArchive(directory, source, { most: Number.POSITIVE_INFINITY, others });
    await pages.settled();
    return {
      files: result.files + archivedFiles(source).size,
      written: result.written + old.written,
      removed: result.removed + old.removed,
    };
  } finally {
    await renderer.close();
  }
};
