import { posix } from "node:path";
import type { Language } from "#lib/core/definitions.ts";
import type { PageId } from "../page-slices.ts";
import { pageIdAt, publicPathOf } from "../page-slices.ts";

/** What a site of files holds: which pages, in which languages; the first language stands at the root. */
export type StaticLayout = {
  readonly languages: readonly Language[];
  readonly pageIds: ReadonlySet<PageId>;
  /** Paths of files that are no pages. */
  readonly files: ReadonlySet<string>;
};

/** The file of a page below the folder of the site. */
export const fileOfPage = (pageId: PageId, language: Language, { languages }: StaticLayout): string => {
  const folder = language === languages[0] ? "" : `${language}/`;
  if (pageId === "not-found") return `${folder}404.html`;
  return pageId === "home" ? `${folder}index.html` : `${folder}${publicPathOf(pageId).slice(1)}/index.html`;
};

const isLanguage = (text: string | null, languages: readonly Language[]): text is Language =>
  languages.some((language) => language === text);

const ENTITIES: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&quot;": '"',
  "&#x27;": "'",
  "&lt;": "<",
  "&gt;": ">",
};
const decode = (attribute: string): string =>
  attribute.replace(/&(?:amp|quot|#x27|lt|gt);/g, (entity) => ENTITIES[entity] ?? entity);
const encode = (text: string): string => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");

/** From the folder of one file to another file, as browsers resolve it. A page is named by its folder. */
const relativePath = (from: string, to: string): string => {
  const path = posix.relative(posix.dirname(from), to) || posix.basename(to);
  const short = path.replace(/(^|\/)index\.html$/, "$1");
  return short === "" ? "./" : short;
};

/** Where a link of a page leads on the site of files; null for what lies elsewhere, or is not part of it. */
const placeOf = (
  link: string,
  { pageId, language, layout }: { pageId: PageId; language: Language; layout: StaticLayout },
): { readonly file: string; readonly rest: string } | null => {
  if (/^(?:[a-z][a-z0-9+.-]*:|\/\/|#)/i.test(link)) return null;
  const base = `http://site.invalid${pageId === "not-found" ? "/" : publicPathOf(pageId)}`;
  if (!URL.canParse(link, base)) return null;
  const { pathname, searchParams, hash } = new URL(link, base);
  const asked = searchParams.get("lang");
  const target = pageIdAt(pathname.length > 1 ? pathname.replace(/\/$/, "") : pathname);
  if (target !== null && layout.pageIds.has(target)) {
    const wanted = isLanguage(asked, layout.languages) ? asked : language;
    return { file: fileOfPage(target, wanted, layout), rest: hash };
  }
  return layout.files.has(pathname) ? { file: pathname.slice(1), rest: hash } : null;
};

/** Signing up in the line of ways to hear news, with the comma after it; the description of the API in the foot. */
const SIGN_UP = /<span>(?:, )?<a href="\/subscribe(?:\?[^"]*)?">[^<]*<\/a><\/span>(<span>, )?/g;
const DESCRIPTION = /<li><a href="\/openapi\.json">[^<]*<\/a><\/li>/g;

/** A page without the links to what only a running service can answer. */
export const withoutServed = (html: string): string =>
  html.replace(SIGN_UP, (_all, next?: string) => (next === undefined ? "" : "<span>")).replace(DESCRIPTION, "");

/**
 * A page with its links turned into relative ones between files, so that the site works below any address of any host.
 * Links in each language lead to pages of the same language, unless they name another.
 */
export const withStaticLinks = (
  html: string,
  page: { readonly pageId: PageId; readonly language: Language; readonly layout: StaticLayout },
): string => {
  // The page for wrong addresses is shown at any depth, so its links start at the root of the host.
  const from = fileOfPage(page.pageId, page.language, page.layout);
  const isAnywhere = page.pageId === "not-found";
  return html.replace(/\b(href|src|content)="([^"]*)"/g, (all, name: string, value: string) => {
    const link = decode(value);
    if (name === "content" && !link.startsWith("/")) return all;
    const place = placeOf(link, page);
    if (place === null) return all;
    const path = isAnywhere ? `/${place.file.replace(/(^|\/)index\.html$/, "$1")}` : relativePath(from, place.file);
    return `${name}="${encode(`${path}${place.rest}`)}"`;
  });
};
