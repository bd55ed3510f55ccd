import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import type { Language } from "#lib/core/definitions.ts";
import type { PageCache } from "../page-cache.ts";
import type { PageId } from "../page-slices.ts";
import { archivedPagesOf, hashesOf } from "../page-slices.ts";
import type { StaticLayout } from "./static-links.ts";
import { fileOfPage, withoutServed, withStaticLinks } from "./static-links.ts";
import { writeInto } from "./write-static-site.ts";

/** Which pages of the archive were written, each with what it showed: so that each is written once. */
const LIST = ".nines-archive.json";
const ListFile = z.strictObject({ pages: z.record(z.string(), z.string()) });
/** A list is saved after so many pages, so that a stop does not lose much. */
const SAVE_EVERY = 100;

type ArchiveSource = {
  readonly view: Snapshot;
  readonly pages: Pick<PageCache, "getCurrent">;
  readonly layout: StaticLayout;
};

type Place = { readonly path: string; readonly pageId: PageId; readonly language: Language; readonly shows: string };

const hashOf = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("base64url");

/** Every page of the archive with its file and what it shows; other style sheets make other pages. */
const placesOf = ({ view, layout }: ArchiveSource): Place[] => {
  const assets = [...layout.files].filter((path) => path.startsWith("/_") || path.startsWith("/theme"));
  return archivedPagesOf(view).flatMap((pageId) => {
    const content = hashesOf(view, pageId)?.content;
    return layout.languages.map((language) => ({
      path: fileOfPage(pageId, language, layout),
      pageId,
      language,
      shows: hashOf([content, layout.languages, assets]),
    }));
  });
};

/** The files of the archive below the folder of the site. */
export const archivedFiles = (source: ArchiveSource): ReadonlySet<string> =>
  new Set(placesOf(source).map(({ path }) => path));

const BANNER = /<div class="notice degraded" role="status">[\s\S]*?<\/div>/;
const AS_OF = /(<p class="asof"[^>]*>[^<]*<time datetime=")([^"]*)(">)[^<]*/i;

/** A page that stays as it is for years: it says of which day it is, and claims nothing of how old that is by now. */
const withDay = (html: string, language: Language, timeZone: string): string =>
  html.replace(BANNER, "").replace(AS_OF, (_all, before: string, at: string, after: string) => {
    const format = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short", timeZone });
    return `${before}${at}${after}${format.format(new Date(at))}`;
  });

const readList = async (file: string): Promise<Map<string, string>> => {
  try {
    return new Map(Object.entries(ListFile.parse(JSON.parse(await readFile(file, "utf8"))).pages));
  } catch {
    return new Map();
  }
};

/**
 * Writes what is long over into the folder of a site: only pages that are new or changed, one at a time, so that an
 * archive of any size needs the memory of one page. At most `most` of them; false: there is more to do.
 * @param target holds the rest of the site. @throws Error when a page cannot be rendered
 */
export const writeStaticArchive = async (
  target: string,
  source: ArchiveSource,
  { most, others }: { readonly most: number; readonly others: ReadonlySet<string> },
): Promise<{ readonly written: number; readonly removed: number; readonly isWhole: boolean }> => {
  const folder = resolve(target);
  const file = join(folder, LIST);
  const list = await readList(file);
  const places = placesOf(source);
  if (places.length + list.size === 0) return { written: 0, removed: 0, isWhole: true };
  const save = () => writeInto(folder, LIST, `${JSON.stringify({ pages: Object.fromEntries(list) })}\n`);
  const due = places.filter(({ path, shows }) => list.get(path) !== shows);
  const now = due.slice(0, most);
  for (const [index, { path, pageId, language, shows }] of now.entries()) {
    const representation = await source.pages.getCurrent(pageId, language);
    if (representation === null) throw new Error(`the page ${pageId} could not be rendered in ${language}`);
    const html = withoutServed(representation.variants.identity.body.toString("utf8"));
    const page = withStaticLinks(withDay(html, language, source.view.page.timeZone), {
      pageId,
      language,
      layout: source.layout,
    });
    await writeInto(folder, path, page);
    list.set(path, shows);
    if ((index + 1) % SAVE_EVERY === 0) await save();
  }
  const wanted = new Set(places.map(({ path }) => path));
  const gone = [...list.keys()].filter((path) => !wanted.has(path));
  for (const path of gone) {
    list.delete(path);
    // What was opened again is a page of the site itself by now.
    if (!others.has(path)) await rm(join(folder, path), { force: true });
  }
  if (now.length + gone.length > 0) await save();
  return { written: now.length, removed: gone.length, isWhole: due.length === now.length };
};
