import { atomOf } from "#lib/core/feeds/atom.ts";
import type { Feed } from "#lib/core/feeds/feed.ts";
import { jsonFeedOf } from "#lib/core/feeds/json-feed.ts";
import { rssOf } from "#lib/core/feeds/rss.ts";
import type { FeedArgs, FeedFile } from "./feed-args.ts";
import { componentsOf, isMeant, languageOf, tagPrefix, urlOf } from "./feed-args.ts";
import { incidentItem, maintenanceItem } from "./feed-items.ts";
import { FEED_WORDS } from "./words.ts";

/** A feed of news has the newest, a history all that the page has. */
const MOST_ITEMS: Readonly<Record<string, number>> = { feed: 20, history: 100 };
/** Later occurrences of a rule are no news yet. */
const ANNOUNCED_AHEAD_MS = 14 * 86_400_000;

const FORMATS: Readonly<Record<string, { contentType: string; write: (feed: Feed) => string }>> = {
  rss: { contentType: "application/rss+xml; charset=utf-8", write: rssOf },
  atom: { contentType: "application/atom+xml; charset=utf-8", write: atomOf },
  json: { contentType: "application/feed+json; charset=utf-8", write: jsonFeedOf },
};

export const NEWS_PATHS = Object.keys(MOST_ITEMS).flatMap((kind) =>
  Object.keys(FORMATS).map((format) => `/${kind}.${format}`),
);

const newest = (instants: readonly string[], otherwise: string): string =>
  instants.reduce((latest, one) => (one > latest ? one : latest), otherwise);

/** The query that a feed was asked with, in one order, so that its own address is always written the same. */
const ownQuery = (query: URLSearchParams): string => {
  const kept = ["component", "lang"].flatMap((key) => {
    const value = query.get(key);
    return value === null ? [] : [[key, value]];
  });
  return kept.length === 0 ? "" : `?${new URLSearchParams(kept).toString()}`;
};

/** `/feed.rss`, `/history.atom` and the like. @throws AppError NOT_FOUND for a component that the page does not show. */
export const newsFeed = (args: FeedArgs, path: string, query: URLSearchParams): FeedFile | null => {
  const [kind = "", extension = ""] = path.slice(1).split(".");
  const format = FORMATS[extension];
  const most = MOST_ITEMS[kind];
  if (format === undefined || most === undefined) return null;
  const { snapshot } = args;
  const language = languageOf(args, query);
  const words = FEED_WORDS[language];
  const components = componentsOf(args, query);
  const asked = ownQuery(query);
  const soon = new Date(Date.parse(snapshot.builtAt) + ANNOUNCED_AHEAD_MS).toISOString();
  const items = [
    ...snapshot.incidents
      .filter(({ serviceIds }) => isMeant(components, serviceIds))
      .map((incident) => incidentItem(args, incident, language)),
    ...(snapshot.maintenances ?? [])
      .filter((one) => isMeant(components, one.serviceIds) && !(one.isRecurring && one.scheduledFor > soon))
      .map((one) => maintenanceItem(args, one, language)),
  ]
    .toSorted((a, b) => b.updatedAt.localeCompare(a.updatedAt) || a.id.localeCompare(b.id))
    .slice(0, most);
  const feed: Feed = {
    id: `${tagPrefix(args)}${kind}${asked}`,
    title: words.feedTitle.replace("{page}", () => snapshot.page.name),
    description: words.feedDescription,
    author: snapshot.page.name,
    language,
    homeUrl: `${urlOf(args)}/`,
    selfUrl: `${urlOf(args)}${path}${asked}`,
    updatedAt: newest(
      items.map(({ updatedAt }) => updatedAt),
      snapshot.page.createdAt,
    ),
    items,
  };
  return { contentType: format.contentType, body: format.write(feed) };
};
