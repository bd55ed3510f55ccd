import type { SnapshotMaintenance, SnapshotMaintenanceRule } from "#lib/contracts/snapshot-maintenances.ts";
import { statuspageId } from "#lib/contracts/statuspage-id.ts";
import type { CalendarEvent } from "#lib/core/feeds/calendar.ts";
import { calendarOf } from "#lib/core/feeds/calendar.ts";
import type { FeedArgs, FeedFile } from "./feed-args.ts";
import { componentsOf, isMeant, languageOf, urlOf } from "./feed-args.ts";
import { FEED_WORDS } from "./words.ts";

const uidOf = (args: FeedArgs, id: string): string =>
  `${statuspageId("maintenance", id)}@${new URL(urlOf(args)).hostname}`;

const categoriesOf = ({ snapshot }: FeedArgs, serviceIds: readonly string[]): string[] =>
  snapshot.services.filter(({ id }) => serviceIds.includes(id)).map(({ name }) => name);

/** What is planned, then what was said of it, newest first. */
const descriptionOf = (one: SnapshotMaintenance): string =>
  [one.description ?? "", ...one.updates.map(({ body }) => body)]
    .filter((text, index, all) => text !== "" && all.indexOf(text) === index)
    .join("\n\n");

const eventOf = (args: FeedArgs, one: SnapshotMaintenance): CalendarEvent => ({
  uid: uidOf(args, one.id),
  summary: one.name,
  description: descriptionOf(one),
  url: `${urlOf(args)}/maintenance#m-${statuspageId("maintenance", one.id)}`,
  from: one.scheduledFor,
  until: one.scheduledUntil,
  isCanceled: one.status === "canceled",
  createdAt: one.createdAt,
  updatedAt: one.updatedAt,
  sequence: one.sequence,
  categories: categoriesOf(args, one.serviceIds),
  recurrence: null,
  standsFor: null,
});

/**
 * A rule and what is different from it. Both hold for one occurrence that is canceled: an EXDATE, for programs that look at the
 * rule alone, would hide that it was planned, so it stays as an event of its own with STATUS:CANCELLED.
 */
const eventsOfRule = (args: FeedArgs, rule: SnapshotMaintenanceRule): CalendarEvent[] => {
  const common = {
    uid: uidOf(args, rule.maintenanceId),
    summary: rule.name,
    description: rule.description ?? "",
    url: `${urlOf(args)}/maintenance`,
    createdAt: rule.createdAt,
    updatedAt: rule.updatedAt,
    categories: categoriesOf(args, rule.serviceIds),
  };
  const { timeZone, rrule, durationMs, startsAt } = rule;
  const endOf = (from: string): string => new Date(Date.parse(from) + durationMs).toISOString();
  const whole: CalendarEvent = {
    ...common,
    from: startsAt,
    until: endOf(startsAt),
    isCanceled: rule.canceledAt !== null,
    sequence: rule.sequence,
    recurrence: { rrule, timeZone, except: [] },
    standsFor: null,
  };
  const different = rule.exceptions.map(
    ({ plannedFor, moved, sequence }): CalendarEvent => ({
      ...common,
      from: moved?.from ?? plannedFor,
      until: moved?.until ?? endOf(plannedFor),
      isCanceled: moved === null,
      sequence,
      recurrence: null,
      standsFor: { plannedFor, timeZone },
    }),
  );
  return [whole, ...different];
};

/** `/calendar.ics`. @throws AppError NOT_FOUND for a component that the page does not show. */
export const maintenanceCalendar = (args: FeedArgs, query: URLSearchParams): FeedFile => {
  const { page, maintenances = [], maintenanceRules = [] } = args.snapshot;
  const components = componentsOf(args, query);
  const words = FEED_WORDS[languageOf(args, query)];
  const meant = <One extends { readonly serviceIds: readonly string[] }>(list: readonly One[]): One[] =>
    list.filter(({ serviceIds }) => isMeant(components, serviceIds));
  const once = meant(maintenances)
    .filter(({ isRecurring }) => !isRecurring)
    .toSorted((a, b) => a.scheduledFor.localeCompare(b.scheduledFor));
  const body = calendarOf({
    name: words.calendarTitle.replace("{page}", () => page.name),
    events: [
      ...once.map((one) => eventOf(args, one)),
      ...meant(maintenanceRules).flatMap((rule) => eventsOfRule(args, rule)),
    ],
  });
  return { contentType: "text/calendar; charset=utf-8", body };
};
