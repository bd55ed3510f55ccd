import type { SnapshotIncident, SnapshotService } from "#lib/contracts/snapshot.ts";
import type { SnapshotMaintenance } from "#lib/contracts/snapshot-maintenances.ts";
import { statuspageId } from "#lib/contracts/statuspage-id.ts";
import type { Language } from "#lib/core/definitions.ts";
import { escapeHtml } from "#lib/core/escape-html.ts";
import type { FeedItem } from "#lib/core/feeds/feed.ts";
import type { FeedArgs } from "./feed-args.ts";
import { tagPrefix, urlOf } from "./feed-args.ts";
import { FEED_WORDS } from "./words.ts";

type Update = { readonly status: keyof (typeof FEED_WORDS)["en"]["statuses"]; readonly displayAt: string };

const formats = new Map<string, Intl.DateTimeFormat>();

/** "Aug 6, 2026, 14:06 UTC" in the zone of the page. */
const instantIn = (iso: string, language: Language, timeZone: string): string => {
  const key = `${language} ${timeZone}`;
  const format =
    formats.get(key) ??
    new Intl.DateTimeFormat(language, {
      timeZone,
      year: "numeric",
      month: "short",
      day: "numeric",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
      timeZoneName: "short",
    });
  formats.set(key, format);
  return format.format(new Date(iso));
};

/** Plain text as paragraphs. */
const paragraphs = (text: string): string =>
  text
    .split(/\n{2,}/)
    .filter((part) => part.trim() !== "")
    .map((part) => `<p>${escapeHtml(part.trim()).replaceAll("\n", "<br>")}</p>`)
    .join("");

const updateHtml = (update: Update, bodyHtml: string, language: Language, timeZone: string): string =>
  `<p><small>${escapeHtml(instantIn(update.displayAt, language, timeZone))}</small><br><strong>${escapeHtml(FEED_WORDS[language].statuses[update.status])}</strong></p>${bodyHtml}`;

const namesOf = (services: readonly SnapshotService[], ids: readonly string[]): string[] =>
  services.filter(({ id }) => ids.includes(id)).map(({ name }) => name);

const servicesHtml = (names: readonly string[]): string =>
  names.length === 0 ? "" : `<p><small>${escapeHtml(names.join(", "))}</small></p>`;

/** In the reader's language where the incident has it. */
export const incidentName = (incident: SnapshotIncident, language: Language): string =>
  incident.translations?.[language]?.name ?? incident.name;

const bodyOf = (update: SnapshotIncident["updates"][number], language: Language): string =>
  update.translations?.[language]?.bodyHtml ?? update.bodyHtml ?? paragraphs(update.body);

/** An incident as an entry of a feed, with all its updates. */
export const incidentItem = (args: FeedArgs, incident: SnapshotIncident, language: Language): FeedItem => {
  const { services, page } = args.snapshot;
  const id = statuspageId("incident", incident.id);
  const updates = incident.updates.map((one) => updateHtml(one, bodyOf(one, language), language, page.timeZone));
  return {
    id: `${tagPrefix(args)}incident/${id}`,
    url: `${urlOf(args)}/incidents/${incident.id}`,
    title: incidentName(incident, language),
    html: servicesHtml(namesOf(services, incident.serviceIds)) + updates.join(""),
    publishedAt: incident.createdAt,
    updatedAt: incident.updatedAt,
    tags: ["incident", incident.status, incident.impact],
    maintenanceEndsAt: null,
  };
};

/** Planned work as an entry of a feed. */
export const maintenanceItem = (args: FeedArgs, one: SnapshotMaintenance, language: Language): FeedItem => {
  const { services, page } = args.snapshot;
  const words = FEED_WORDS[language];
  const id = statuspageId("maintenance", one.id);
  const at = (iso: string): string => escapeHtml(instantIn(iso, language, page.timeZone));
  const plan = `<p>${escapeHtml(words.planned)}: ${at(one.scheduledFor)} – ${at(one.scheduledUntil)}</p>`;
  const updates = one.updates.map((update) => updateHtml(update, paragraphs(update.body), language, page.timeZone));
  return {
    id: `${tagPrefix(args)}maintenance/${id}`,
    url: `${urlOf(args)}/maintenance#m-${id}`,
    title: `${words.maintenance}: ${one.name}`,
    html: servicesHtml(namesOf(services, one.serviceIds)) + plan + updates.join(""),
    publishedAt: one.createdAt,
    updatedAt: one.updatedAt,
    tags: ["maintenance", one.status],
    maintenanceEndsAt: one.scheduledUntil,
  };
};
