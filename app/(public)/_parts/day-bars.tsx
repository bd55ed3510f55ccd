import type { SnapshotDay } from "#lib/contracts/snapshot.ts";
import { DAY_WIDTH, DAYS_SHOWN, dayBarPaths, daysSentence, keyPath } from "../../_view/day-bars.ts";
import { ROLE_OF } from "../../_view/state-looks.ts";
import type { View } from "./view.ts";

const MONTH_DAYS = 31;

/** Ninety days as one small drawing (thirty on phones), and the same facts as a hidden sentence. */
export const DayBars = ({ days, view }: { days: readonly SnapshotDay[]; view: View }) => (
  <div className="bars">
    <svg className="days" viewBox={`0 0 ${DAYS_SHOWN * DAY_WIDTH} 28`} preserveAspectRatio="none" aria-hidden="true">
      {dayBarPaths(days).map(({ role, path }) => (
        <path key={role} className={role} d={path} />
      ))}
    </svg>
    <span className="hidden">{daysSentence(days, view.format)}</span>
  </div>
);

/** The days of a month, drawn alike; the sentence stands beside it. */
export const MonthBars = ({ days }: { days: readonly SnapshotDay[] }) => (
  <svg className="days month" viewBox={`0 0 ${MONTH_DAYS * DAY_WIDTH} 28`} aria-hidden="true">
    {dayBarPaths(days, days.length).map(({ role, path }) => (
      <path key={role} className={role} d={path} />
    ))}
  </svg>
);

const KEY_ORDER = [
  "operational",
  "degraded_performance",
  "partial_outage",
  "major_outage",
  "under_maintenance",
  "unknown",
] as const;

/** How each state is drawn, with its name. */
export const DayKey = ({ view }: { view: View }) => (
  <ul className="key" aria-label={view.format.words.howDaysAreDrawn}>
    {KEY_ORDER.map((state) => (
      <li key={state}>
        <svg className="days" viewBox="0 0 6 28" aria-hidden="true">
          <path className={ROLE_OF[state]} d={keyPath(ROLE_OF[state])} />
        </svg>
        {view.format.words.dayStates[state]}
      </li>
    ))}
  </ul>
);

/** "90 days, today at the end"; phones, which show fewer, read "30 days". */
export const DaysSpan = ({ view }: { view: View }) => {
  const { words, span } = view.format;
  const sentence = (days: number) => words.daysTodayAtEnd.replace("{days}", span(days * 86_400_000));
  return (
    <p className="soft">
      <span className="on-wide">{sentence(90)}</span>
      <span className="on-phone">{sentence(30)}</span>
    </p>
  );
};
