import type { Feed, FeedItem } from "./feed.ts";
import { element, xmlText } from "./xml.ts";

const link = (rel: string, type: string, href: string): string => element("link", "", { rel, type, href });

const entryXml = (item: FeedItem): string =>
  element(
    "entry",
    [
      element("id", xmlText(item.id)),
      element("published", item.publishedAt),
      element("updated", item.updatedAt),
      link("alternate", "text/html", item.url),
      element("title", xmlText(item.title)),
      ...item.tags.map((term) => element("category", "", { term })),
      element("content", xmlText(item.html), { type: "html" }),
    ].join(""),
  );

/** Atom (RFC 4287). */
export const atomOf = (feed: Feed): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${element(
    "feed",
    [
      element("id", xmlText(feed.id)),
      link("alternate", "text/html", feed.homeUrl),
      link("self", "application/atom+xml", feed.selfUrl),
      element("title", xmlText(feed.title)),
      element("subtitle", xmlText(feed.description)),
      element("updated", feed.updatedAt),
      element("author", element("name", xmlText(feed.author))),
      ...feed.items.map(entryXml),
    ].join("\n"),
    { "xml:lang": feed.language, xmlns: "http://www.w3.org/2005/Atom" },
  )}\n`;
