import type { IncomingMessage } from "node:http";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import type { Language } from "#lib/core/definitions.ts";
import { LANGUAGES } from "#lib/core/definitions.ts";
import { languageFor, remember } from "./http/negotiate.ts";
import type { Representation } from "./http/representation.ts";
import type { PageCache } from "./page-cache.ts";
import type { PageId } from "./page-slices.ts";
import { pageIdAt, pagesOf, publicPathOf, routeOfPage } from "./page-slices.ts";
import type { StatuspageCache } from "./statuspage-cache.ts";
import { STATUSPAGE_NAMES, STATUSPAGE_PREFIX } from "./statuspage-cache.ts";

type QuickRoute = {
  readonly route: string;
  readonly path: string;
  readonly peek: (req: IncomingMessage) => Representation | null;
  /** What is there without rendering anything and without a database. */
  readonly stored: (req: IncomingMessage) => Promise<Representation | null>;
};

/** The public addresses of the present snapshot, and which language a visitor gets. */
export type Site = {
  /** Lays the addresses out anew when services or languages changed. */
  readonly accept: (snapshot: Snapshot) => void;
  /** One look-up by the raw request target: answers what is finished and asked for in its plain form. */
  readonly quick: (target: string) => QuickRoute | undefined;
  readonly pageAt: (path: string) => PageId | null;
  /** `lang` of the query when it is a language of the page, else by Accept-Language, else the page's first. */
  readonly languageOf: (req: IncomingMessage, query: URLSearchParams) => Language;
};

export const createSite = (pages: PageCache, statuspage: StatuspageCache): Site => {
  let languages: readonly [Language, ...Language[]] = LANGUAGES;
  let byHeader = remember((header) => languageFor(header, languages));
  let laidOut = "";
  let quick = new Map<string, QuickRoute>();

  const layOut = (snapshot: Snapshot): void => {
    languages = snapshot.page.languages as [Language, ...Language[]];
    byHeader = remember((header) => languageFor(header, languages));
    const next = new Map<string, QuickRoute>();
    for (const name of STATUSPAGE_NAMES) {
      const path = `${STATUSPAGE_PREFIX}${name}`;
      next.set(path, {
        route: path,
        path,
        peek: () => statuspage.peek(path),
        stored: () => statuspage.settled().then(() => statuspage.peek(path)),
      });
    }
    for (const pageId of pagesOf(snapshot)) {
      if (pageId === "not-found") continue;
      const path = publicPathOf(pageId);
      const route = routeOfPage(pageId);
      const inLanguage = (languageOf: (req: IncomingMessage) => Language): QuickRoute => ({
        route,
        path,
        peek: (req) => pages.peek(pageId, languageOf(req)),
        stored: (req) => pages.getStored(pageId, languageOf(req)),
      });
      next.set(
        path,
        inLanguage((req) => byHeader(req.headers["accept-language"])),
      );
      for (const language of languages)
        next.set(
          `${path}?lang=${language}`,
          inLanguage(() => language),
        );
    }
    quick = next;
  };

  return {
    accept: (snapshot) => {
      const layout = JSON.stringify([snapshot.page.languages, pagesOf(snapshot)]);
      if (layout === laidOut) return;
      laidOut = layout;
      layOut(snapshot);
    },
    quick: (target) => quick.get(target),
    pageAt: pageIdAt,
    languageOf: (req, query) => {
      const asked = query.get("lang");
      return languages.find((language) => language === asked) ?? byHeader(req.headers["accept-language"]);
    },
  };
};
