import type { PublicState, SnapshotDay } from "#lib/contracts/snapshot.ts";
import type { TroubleState } from "../_words/words.ts";
import type { Format } from "./format.ts";
import { fillText } from "./format.ts";
import type { Role } from "./state-looks.ts";
import { ROLE_OF, ROLES } from "./state-looks.ts";

/** Width of one day in drawing units: 6 drawn, 2 apart (the dash pattern is in the style sheet). */
export const DAY_WIDTH = 8;
export const DAYS_SHOWN = 90;

/** The heights at which a day's strokes run, in a drawing 28 units high. Calm is low, trouble is tall. */
const LINES: Record<Role, readonly number[]> = {
  ok: [23.5],
  degraded: [20.5],
  partial: [23, 11],
  major: [14],
  maint: [26.5, 21.5, 16.5],
  none: [27],
};

const strokes = (role: Role, from: number, width: number): string =>
  LINES[role].map((y) => `M${from} ${y}h${width}`).join("");

/** The path of a single day, for the key. */
export const keyPath = (role: Role): string => strokes(role, 0, 6);

/**
 * One path for each role: equal neighbours are one stroke, so that ninety calm days cost a dozen bytes.
 * @param count How many days are drawn: the newest ones, and nothing was measured before the first.
 */
export const dayBarPaths = (
  days: readonly SnapshotDay[],
  count = DAYS_SHOWN,
): readonly { role: Role; path: string }[] => {
  const shown = days.slice(-count);
  const missing = count - shown.length;
  const roles: readonly Role[] = [...Array<Role>(missing).fill("none"), ...shown.map((day) => ROLE_OF[day.worst])];
  const paths: Partial<Record<Role, string>> = {};
  let start = 0;
  roles.forEach((role, index) => {
    if (roles[index + 1] === role) return;
    paths[role] = (paths[role] ?? "") + strokes(role, start * DAY_WIDTH, (index + 1 - start) * DAY_WIDTH);
    start = index + 1;
  });
  return ROLES.flatMap((role) => (paths[role] === undefined ? [] : [{ role, path: paths[role] }]));
};

const TOLD: readonly TroubleState[] = [
  "major_outage",
  "partial_outage",
  "degraded_performance",
  "under_maintenance",
  "unknown",
];
const MOST_DATES = 3;

/** The drawing in words, for those who do not see it: what happened on how many days, and when, if on a few only. */
export const daysSentence = (days: readonly SnapshotDay[], format: Format): string => {
  const { words } = format;
  const today = days.at(-1)?.date;
  const nameOf = (date: string) => (date === today ? words.days.today : format.day(date, today ?? date));
  const datesOf = (state: PublicState) => days.filter((day) => day.worst === state).map((day) => nameOf(day.date));
  const facts = TOLD.flatMap((state) => {
    const dates = datesOf(state);
    if (dates.length === 0) return [];
    const count = format.plural(dates.length, words.days.counts[state]);
    return [dates.length > MOST_DATES ? count : `${count} (${dates.join(", ")})`];
  });
  const calmDays = datesOf("operational").length;
  if (facts.length === 0) facts.push(calmDays > 0 ? words.days.allOperational : words.days.allUnknown);
  else if (calmDays > 0) facts.push(words.days.otherwise);
  return fillText(words.days.summary, { days: format.span(days.length * 86_400_000), facts: facts.join(", ") });
};
