import type { Feed, FeedItem } from "./feed.ts";
import { element, xmlText } from "./xml.ts";

/** "Thu, 06 Aug 2026 14:06:00 GMT", as RFC 822 has it with a year of four digits. */
const rfc822 = (iso: string): string => new Date(iso).toUTCString();

const itemXml = (item: FeedItem): string =>
  element(
    "item",
    [
      element("title", xmlText(item.title)),
      element("description", xmlText(item.html)),
      element("pubDate", rfc822(item.publishedAt)),
      element("atom:updated", item.updatedAt),
      element("link", xmlText(item.url)),
      element("guid", xmlText(item.id), { isPermaLink: "false" }),
      ...item.tags.map((tag) => element("category", xmlText(tag))),
      ...(item.maintenanceEndsAt === null ? [] : [element("maintenanceEndDate", rfc822(item.maintenanceEndsAt))]),
    ].join(""),
  );

/** RSS 2.0. The description of an item is escaped HTML, as readers expect. */
export const rssOf = (feed: Feed): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${element(
    "rss",
    element(
      "channel",
      [
        element("title", xmlText(feed.title)),
        element("link", xmlText(feed.homeUrl)),
        element("description", xmlText(feed.description)),
        element("language", xmlText(feed.language)),
        element("pubDate", rfc822(feed.updatedAt)),
        element("lastBuildDate", rfc822(feed.updatedAt)),
        element("ttl", "5"),
        element("atom:link", "", { href: feed.selfUrl, rel: "self", type: "application/rss+xml" }),
        ...feed.items.map(itemXml),
      ].join("\n"),
    ),
    { version: "2.0", "xmlns:atom": "http://www.w3.org/2005/Atom" },
  )}\n`;
