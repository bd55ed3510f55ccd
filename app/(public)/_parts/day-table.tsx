import type { PublicState, SnapshotDay, SnapshotService } from "#lib/contracts/snapshot.ts";
import { PublicState as PublicStates } from "#lib/contracts/snapshot.ts";
import { StateMark } from "../../_parts/glyph.tsx";
import { ROLE_OF } from "../../_view/state-looks.ts";
import { DayBars, DayKey, DaysSpan } from "./day-bars.tsx";
import type { View } from "./view.ts";

/** "23 hours 50 minutes operational, 10 minutes major outage": only states that occurred. */
const timeInStates = ({ seconds }: SnapshotDay, { format, language }: View): string =>
  PublicStates.options
    .flatMap((state: PublicState) => {
      const spent = seconds[state] ?? 0;
      const word = format.words.dayStates[state].toLocaleLowerCase(language);
      return spent < 1 ? [] : [`${word} ${format.span(spent * 1_000)}`];
    })
    .join(", ");

/** Ninety days drawn, and the same days as a table, newest first. */
export const DayTable = ({ service, view }: { service: SnapshotService; view: View }) => {
  const { format } = view;
  const { service: words, dayStates } = format.words;
  return (
    <section aria-labelledby="days">
      <div className="head">
        <h2 id="days">{words.daysTitle}</h2>
        <DaysSpan view={view} />
      </div>
      <DayKey view={view} />
      <DayBars days={service.days} view={view} />
      <details>
        <summary>{words.daysTable}</summary>
        <table className="day-table">
          <thead>
            <tr>
              <th scope="col">{words.date}</th>
              <th scope="col">{words.worst}</th>
              <th scope="col">{words.timeInStates}</th>
            </tr>
          </thead>
          <tbody>
            {service.days.toReversed().map((day) => (
              <tr key={day.date}>
                <th scope="row">
                  <time dateTime={day.date}>{format.day(day.date, view.now)}</time>
                </th>
                <td>
                  <StateMark role={ROLE_OF[day.worst]} word={dayStates[day.worst]} />
                </td>
                <td className="soft">{timeInStates(day, view)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </section>
  );
};
