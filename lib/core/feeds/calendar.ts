import { wallTimeAt } from "../calendar.ts";
import { epochMs } from "../units.ts";
import { withoutForbidden } from "./xml.ts";
import { wallText, zoneLines } from "./zone-rules.ts";

/** Work in a calendar. Instants are ISO 8601. */
export type CalendarEvent = {
  /** Stays the same for ever. */
  readonly uid: string;
  readonly summary: string;
  readonly description: string;
  readonly url: string;
  readonly from: string;
  readonly until: string;
  readonly isCanceled: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Grows with every change. */
  readonly sequence: number;
  readonly categories: readonly string[];
  /** Null: it happens once, and is told in UTC. */
  readonly recurrence: {
    readonly rrule: string;
    readonly timeZone: string;
    /** Occurrences that do not happen. */
    readonly except: readonly string[];
  } | null;
  /** Which occurrence of the rule with the same `uid` this one stands for, and the zone of that rule. */
  readonly standsFor: { readonly plannedFor: string; readonly timeZone: string } | null;
};

export type Calendar = { readonly name: string; readonly events: readonly CalendarEvent[] };

const LONGEST_LINE = 75;

const octetsOf = (character: string): number => {
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x80) return 1;
  if (point < 0x800) return 2;
  return point < 0x1_00_00 ? 3 : 4;
};

/** Lines of 75 octets at most; what follows begins with a space. No character is cut in two (RFC 5545, 3.1). */
export const foldLine = (line: string): string => {
  let folded = "";
  let octets = 0;
  for (const character of line) {
    const size = octetsOf(character);
    if (octets + size > LONGEST_LINE) {
      folded += "\r\n ";
      octets = 1;
    }
    folded += character;
    octets += size;
  }
  return folded;
};

/** A TEXT value (RFC 5545, 3.3.11). */
export const calendarText = (text: string): string =>
  withoutForbidden(text)
    .replaceAll(/[\\;,]/g, (character) => `\\${character}`)
    .replaceAll(/\r\n|\r|\n/g, "\\n");

/** "20261101T170000Z" */
const utcText = (iso: string): string => `${wallText(Date.parse(iso))}Z`;

const wallOf = (iso: string, timeZone: string): string => wallText(wallTimeAt(timeZone, epochMs(Date.parse(iso))));

/** UNTIL must be in UTC where DTSTART has a zone; a bare date or wall time of the rule is taken on the zone's clock. */
const ruleText = (rrule: string): string =>
  rrule.replace(
    /UNTIL=(\d{8})(T\d{6})?(?!\d|T|Z)/,
    (_, day: string, time?: string) => `UNTIL=${day}${time ?? "T235959"}Z`,
  );

const timesOf = ({ from, until, recurrence, standsFor }: CalendarEvent): string[] => {
  if (recurrence !== null) {
    const { rrule, timeZone, except } = recurrence;
    const zoned = (name: string, iso: string): string => `${name};TZID=${timeZone}:${wallOf(iso, timeZone)}`;
    return [
      zoned("DTSTART", from),
      zoned("DTEND", until),
      `RRULE:${ruleText(rrule)}`,
      ...except.map((iso) => zoned("EXDATE", iso)),
    ];
  }
  const which =
    standsFor === null
      ? []
      : [`RECURRENCE-ID;TZID=${standsFor.timeZone}:${wallOf(standsFor.plannedFor, standsFor.timeZone)}`];
  return [...which, `DTSTART:${utcText(from)}`, `DTEND:${utcText(until)}`];
};

const eventLines = (event: CalendarEvent): string[] => [
  "BEGIN:VEVENT",
  `UID:${event.uid}`,
  `DTSTAMP:${utcText(event.updatedAt)}`,
  ...timesOf(event),
  `SUMMARY:${calendarText(event.summary)}`,
  ...(event.description === "" ? [] : [`DESCRIPTION:${calendarText(event.description)}`]),
  `URL:${withoutForbidden(event.url)}`,
  `STATUS:${event.isCanceled ? "CANCELLED" : "CONFIRMED"}`,
  `SEQUENCE:${event.sequence}`,
  `CREATED:${utcText(event.createdAt)}`,
  `LAST-MODIFIED:${utcText(event.updatedAt)}`,
  ...(event.categories.length === 0 ? [] : [`CATEGORIES:${event.categories.map(calendarText).join(",")}`]),
  "TRANSP:TRANSPARENT",
  "END:VEVENT",
];

/** iCalendar (RFC 5545) with CRLF after each line. */
export const calendarOf = ({ name, events }: Calendar): string => {
  const starts = new Map<string, number>();
  for (const { from, recurrence, standsFor } of events) {
    const zone = recurrence?.timeZone ?? standsFor?.timeZone;
    if (zone === undefined) continue;
    starts.set(zone, Math.min(starts.get(zone) ?? Number.POSITIVE_INFINITY, Date.parse(standsFor?.plannedFor ?? from)));
  }
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Nines//Status page//EN",
    "CALSCALE:GREGORIAN",
    "METHOD:PUBLISH",
    `X-WR-CALNAME:${calendarText(name)}`,
    "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
    "X-PUBLISHED-TTL:PT1H",
    ...[...starts].flatMap(([zone, from]) => zoneLines(zone, epochMs(from))),
    ...events.flatMap(eventLines),
    "END:VCALENDAR",
  ];
  return `${lines.map(foldLine).join("\r\n")}\r\n`;
};
