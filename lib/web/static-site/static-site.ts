import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { themeSheet } from "#lib/contracts/theme-sheet.ts";
import type { Language } from "#lib/core/definitions.ts";
import { feedFiles } from "#lib/read/feeds/index.ts";
import { statuspageBodies } from "#lib/read/statuspage/statuspage.ts";
import type { Representation } from "../http/representation.ts";
import type { StaticFiles } from "../http/static-files.ts";
import type { PageCache } from "../page-cache.ts";
import type { PageId } from "../page-slices.ts";
import { archivedPagesOf, pagesOf } from "../page-slices.ts";
import { STATUSPAGE_PREFIX } from "../statuspage-cache.ts";
import type { StaticLayout } from "./static-links.ts";
import { fileOfPage, withoutServed, withStaticLinks } from "./static-links.ts";

/** The site without the pages of its archive, and where links of those lead. */
export type BuiltSite = { readonly site: StaticSite; readonly layout: StaticLayout };

/** Files of a site by their path below its folder, without a leading slash. */
export type StaticSite = ReadonlyMap<string, Buffer>;

type SiteSource = {
  /** What the page may show. */
  readonly view: Snapshot;
  readonly pages: Pick<PageCache, "getCurrent">;
  readonly files: StaticFiles;
  /** Used when the page has no configured address. */
  readonly fallbackUrl: string;
  /** The data is too old to be believed. */
  readonly isStale: boolean;
};

const LINKED_ASSET = /\b(?:href|src)="(\/(?:_next\/static|_static)\/[^"?#]+|\/favicon\.[a-z]+)"/g;

const bodyOf = (representation: Representation): Buffer => representation.variants.identity.body;

const dataFiles = ({ view, fallbackUrl, isStale }: SiteSource): Map<string, Buffer> => {
  const files = new Map<string, Buffer>();
  const args = { snapshot: view, fallbackUrl, isStale };
  for (const [name, body] of statuspageBodies(args))
    files.set(`${STATUSPAGE_PREFIX}${name}`, Buffer.from(JSON.stringify(body)));
  for (const [path, { body }] of feedFiles(args)) files.set(path, Buffer.from(body));
  const theme = themeSheet(view.page);
  if (theme !== null) files.set(theme.path, Buffer.from(theme.css));
  return files;
};

type Rendered = { readonly pageId: PageId; readonly language: Language; readonly html: string };

/** @throws Error when a page cannot be rendered: a site with holes is not written. */
const renderAll = async ({ view, pages }: SiteSource): Promise<Rendered[]> => {
  const rendered: Rendered[] = [];
  for (const language of view.page.languages) {
    for (const pageId of pagesOf(view)) {
      const representation = await pages.getCurrent(pageId, language);
      if (representation === null) throw new Error(`the page ${pageId} could not be rendered in ${language}`);
      rendered.push({ pageId, language, html: bodyOf(representation).toString("utf8") });
    }
  }
  return rendered;
};

/** Style sheets, scripts and icons that the pages name. */
const assetsOf = async (rendered: readonly Rendered[], files: StaticFiles): Promise<Map<string, Buffer>> => {
  const assets = new Map<string, Buffer>();
  for (const [, path = ""] of rendered.flatMap(({ html }) => [...html.matchAll(LINKED_ASSET)])) {
    if (assets.has(path)) continue;
    const loading = files.get(path);
    if (loading !== null) assets.set(path, bodyOf(await loading));
  }
  return assets;
};

/**
 * The page as files, but for what is long over (see `writeStaticArchive`): every page in every language, `/api/v2`, feeds, badges, calendar, style sheets and script.
 * The same snapshot gives the same bytes. Assets come first and pages last, which is the order to write them in.
 */
export const buildStaticSite = async (source: SiteSource): Promise<BuiltSite> => {
  const rendered = await renderAll(source);
  const assets = await assetsOf(rendered, source.files);
  const data = dataFiles(source);
  const layout: StaticLayout = {
    languages: source.view.page.languages,
    pageIds: new Set([...pagesOf(source.view), ...archivedPagesOf(source.view)]),
    files: new Set([...assets.keys(), ...data.keys()]),
  };
  const site = new Map<string, Buffer>();
  for (const [path, body] of [...assets, ...data]) site.set(path.slice(1), body);
  for (const page of rendered) {
    const html = withStaticLinks(withoutServed(page.html), { ...page, layout });
    site.set(fileOfPage(page.pageId, page.language, layout), Buffer.from(html));
  }
  return { site, layout };
};
