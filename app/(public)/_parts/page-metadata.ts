import type { Metadata } from "next";
import { addressOf } from "../../_view/address.ts";
import type { View } from "./view.ts";

const FEEDS = {
  "application/rss+xml": "/feed.rss",
  "application/atom+xml": "/feed.atom",
  "application/feed+json": "/feed.json",
  "text/calendar": "/calendar.ics",
} as const;

/**
 * What the head of a page says to machines: title, where feeds and other languages are, what a shared link looks like, and
 * whether search engines may list it. Absolute addresses need the page's own, which may not be configured.
 */
export const pageMetadata = (view: View, path: string, texts: { title: string; description: string }): Metadata => {
  const { page } = view.snapshot;
  const { title, description } = texts;
  const urlOf = (language: View["language"]) => `${page.url ?? ""}${addressOf(path, { ...view, language })}`;
  const feedTitle = `${page.name} ${view.format.words.status}`;
  const languages = page.url === null || page.languages.length < 2 ? [] : page.languages;
  return {
    title,
    description,
    robots: page.searchEngines === false ? { index: false, follow: false } : null,
    alternates: {
      ...(page.url === null ? {} : { canonical: urlOf(view.language) }),
      languages: Object.fromEntries([
        ...languages.map((language) => [language, urlOf(language)]),
        // Whoever speaks none of them gets the first by the page's own choice of a language.
        ...(languages.length === 0 ? [] : [["x-default", `${page.url ?? ""}${path}`]]),
      ]),
      types: Object.fromEntries(Object.entries(FEEDS).map(([type, url]) => [type, [{ url, title: feedTitle }]])),
    },
    openGraph: {
      type: "website",
      title,
      description,
      siteName: feedTitle,
      locale: view.format.words.locale.replace("-", "_"),
      ...(page.url === null ? {} : { url: urlOf(view.language) }),
    },
    twitter: { card: "summary" },
  };
};
