import { statuspageId } from "#lib/contracts/statuspage-id.ts";
import { element, xmlText } from "#lib/core/feeds/xml.ts";
import { serviceBadge } from "./badges.ts";
import type { FeedArgs, FeedFile } from "./feed-args.ts";
import { urlOf } from "./feed-args.ts";
import { maintenanceCalendar } from "./maintenance-calendar.ts";
import { NEWS_PATHS, newsFeed } from "./news-feeds.ts";
import { WIDGET_SCRIPT, widgetPage } from "./widget.ts";

const CALENDAR = "/calendar.ics";
const WIDGET = "/widget";
const WIDGET_JS = "/widget.js";
const ROBOTS = "/robots.txt";
const SITEMAP = "/sitemap.xml";
const FIXED_PATHS: readonly string[] = [...NEWS_PATHS, CALENDAR, WIDGET, WIDGET_JS, ROBOTS, SITEMAP];

const isIndexed = ({ snapshot }: FeedArgs): boolean => snapshot.page.searchEngines !== false;

const robots = (args: FeedArgs): FeedFile => {
  const lines = isIndexed(args)
    ? ["User-agent: *", "Disallow: /admin", "Disallow: /v1/", "Disallow: /widget", `Sitemap: ${urlOf(args)}${SITEMAP}`]
    : ["User-agent: *", "Disallow: /"];
  return { contentType: "text/plain; charset=utf-8", body: `${lines.join("\n")}\n` };
};

const sitemap = (args: FeedArgs): FeedFile | null => {
  if (!isIndexed(args)) return null;
  const { services, incidents } = args.snapshot;
  const paths = [
    "/",
    ...services.map(({ id }) => `/services/${id}`),
    "/incidents",
    "/maintenance",
    "/history",
    ...incidents.map(({ id }) => `/incidents/${id}`),
  ];
  const urls = paths.map((path) => element("url", element("loc", xmlText(`${urlOf(args)}${path}`))));
  const body = element("urlset", `\n${urls.join("\n")}\n`, { xmlns: "http://www.sitemaps.org/schemas/sitemap/0.9" });
  return { contentType: "application/xml; charset=utf-8", body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}\n` };
};

/** Whether the address may be one of these at all. */
export const isFeedPath = (path: string): boolean => FIXED_PATHS.includes(path) || path.startsWith("/badge/");

/** Which parameters of the query change what an address answers. */
export const FEED_PARAMETERS: readonly string[] = [
  "component",
  "lang",
  "metric",
  "style",
  "label",
  "days",
  "slo",
  "theme",
];

/**
 * What an address answers, from the snapshot alone. Null: there is nothing at it.
 * @throws AppError NOT_FOUND for something that the page does not show, INVALID_REQUEST for a parameter that cannot be.
 */
export const feedFile = (args: FeedArgs, path: string, query: URLSearchParams): FeedFile | null => {
  switch (path) {
    case CALENDAR:
      return maintenanceCalendar(args, query);
    case WIDGET:
      return widgetPage(args, query);
    case WIDGET_JS:
      return { contentType: "text/javascript; charset=utf-8", body: WIDGET_SCRIPT };
    case ROBOTS:
      return robots(args);
    case SITEMAP:
      return sitemap(args);
    default:
      return path.startsWith("/badge/") ? serviceBadge(args, path, query) : newsFeed(args, path, query);
  }
};

/** Every plain address with what it answers, for a site of files. */
export const feedFiles = (args: FeedArgs): ReadonlyMap<string, FeedFile> => {
  const badges = args.snapshot.services.flatMap(({ id }) =>
    [id, statuspageId("component", id)].flatMap((name) => [`/badge/${name}.svg`, `/badge/${name}.json`]),
  );
  const files = new Map<string, FeedFile>();
  for (const path of [...FIXED_PATHS, ...badges]) {
    const file = feedFile(args, path, new URLSearchParams());
    if (file !== null) files.set(path, file);
  }
  return files;
};
