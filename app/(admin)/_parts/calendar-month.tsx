import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { Glyph } from "../../_parts/glyph.tsx";
import type { Role } from "../../_view/state-looks.ts";
import type { Day } from "./calendar-days.ts";
import { monthOf, monthsLater, weeksOf } from "./calendar-days.ts";
import type { AdminView } from "./view.ts";

export const WORK_ROLES: Readonly<Record<MaintenanceResource["state"], Role>> = {
  scheduled: "maint",
  in_progress: "maint",
  verifying: "maint",
  completed: "ok",
  canceled: "none",
};

/** A Monday; the names of the days of the week follow from it. */
const MONDAY_MS = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;

const weekdays = (locale: string, length: "short" | "long"): string[] =>
  Array.from({ length: 7 }, (_, day) =>
    new Intl.DateTimeFormat(locale, { weekday: length, timeZone: "UTC" }).format(MONDAY_MS + day * DAY_MS),
  );

const DayCell = ({ view, day }: { view: AdminView; day: Day }) => {
  const { calendar } = view.words;
  const mark = `${day.isOfMonth ? "" : "other"}${day.isToday ? " today" : ""}`.trim();
  return (
    <td className={mark === "" ? undefined : mark} aria-current={day.isToday ? "date" : undefined}>
      <time dateTime={day.date}>{day.number}</time>
      {day.isToday ? <span className="hidden"> ({calendar.today})</span> : null}
      {day.planned.map(({ work, occurrence }) => (
        <a key={work.id + occurrence.plannedFor} href={`/admin/maintenance/${work.id}`}>
          <Glyph role={WORK_ROLES[occurrence.state]} />
          <span>
            {view.format.time(occurrence.startsAt)} {work.title}
            <span className="hidden">, {calendar.states[occurrence.state]}</span>
          </span>
        </a>
      ))}
    </td>
  );
};

type Props = {
  readonly view: AdminView;
  readonly month: string;
  readonly works: readonly MaintenanceResource[];
  readonly now: EpochMs;
  /** Address of the same view of another month. */
  readonly hrefOf: (month: string) => string;
  /** Zone of the address, which stays. */
  readonly tz: string | undefined;
};

/** A month as a table; the list below says the same in words. */
export const CalendarMonth = ({ view, month, works, now, hrefOf, tz }: Props) => {
  const { calendar } = view.words;
  const { locale } = view.format.words;
  const names = weekdays(locale, "long");
  const thisMonth = monthOf(undefined, view.timeZone, now);
  const weeks = weeksOf(month, works, { timeZone: view.timeZone, now });
  return (
    <section aria-labelledby="month">
      <div className="head">
        <h2 id="month">{view.format.month(month)}</h2>
        <p className="links">
          <a href={hrefOf(thisMonth)} aria-current={month === thisMonth ? "date" : undefined}>
            {calendar.thisMonth}
          </a>
          <a rel="prev" href={hrefOf(monthsLater(month, -1))}>
            {calendar.earlier}
          </a>
          <a rel="next" href={hrefOf(monthsLater(month, 1))}>
            {calendar.later}
          </a>
        </p>
      </div>
      <form className="filters" action="/admin/maintenance">
        <label>
          {calendar.month}
          <input type="month" name="month" defaultValue={month} pattern="[0-9]{4}-[0-9]{2}" />
        </label>
        {tz === undefined ? null : <input type="hidden" name="tz" value={tz} />}
        <button type="submit">{calendar.show}</button>
      </form>
      <table className="month" aria-labelledby="month">
        <thead>
          <tr>
            {weekdays(locale, "short").map((name, day) => (
              <th scope="col" key={name} abbr={names[day]}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeks.map((week) => (
            <tr key={week[0]?.date}>
              {week.map((day) => (
                <DayCell key={day.date} view={view} day={day} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
};
