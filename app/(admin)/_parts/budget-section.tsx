import type { BudgetCourse, CourseDay, SloCourses } from "#lib/read/slo/course.ts";
import type { SloWithReading } from "#lib/read/slo/dashboard.ts";
import { fillText } from "../../_view/format.ts";
import { BurnDownDrawing } from "./burn-down-drawing.tsx";
import { resource, tableFigures } from "./figure.tsx";
import { budgetText, countText, coverageText, exhaustedText, windowText } from "./slo-words.ts";
import type { AdminView } from "./view.ts";
import { iso } from "./view.ts";

type Props = { slo: SloWithReading; courses: SloCourses | null; view: AdminView };

const labelOf = (course: BudgetCourse, name: string, { words, format }: AdminView): string => {
  const { budget } = words.sloPage;
  const known = course.points.filter(({ whole }) => whole !== null);
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined) return fillText(budget.labelEmpty, { window: name });
  return fillText(budget.label, {
    window: name,
    first: budgetText(first.whole, format),
    firstTime: format.when(iso(first.at), iso(last.at)),
    last: budgetText(last.whole, format),
    lastTime: format.when(iso(last.at), iso(last.at)),
  });
};

/** "62 of 80.3 failures used.", or what a period of the calendar has spent so far and of its whole. */
const usedText = ({ window, budget }: BudgetCourse, { words, format }: AdminView): string => {
  const { used, soFar } = words.sloPage.budget;
  const { bad, allowedBad, consumed, projectedConsumed } = budget;
  if (window.kind === "rolling" || consumed === null || projectedConsumed === null) {
    const allowed = allowedBad === null ? "–" : format.rate(Math.floor(allowedBad * 10) / 10);
    return fillText(used, { bad: countText(bad, format), allowed });
  }
  return fillText(soFar, {
    bad: countText(bad, format),
    consumed: format.percent(consumed, 1),
    projected: format.percent(projectedConsumed, 1),
  });
};

const Course = ({ course, at, view }: { course: BudgetCourse; at: number; view: AdminView }) => {
  const { words } = view;
  const { budget } = words.sloPage;
  const name = windowText(course.window, at as SloWithReading["activeFrom"], view);
  const isEmpty = course.points.every(({ whole }) => whole === null);
  const minutes = course.budget.minutesToExhaustion;
  return (
    <figure>
      <figcaption className="small">
        <b>{name}</b> <span className="soft">{usedText(course, view)}</span>{" "}
        {course.isOwn ? <span className="soft">{budget.own}</span> : null}
        {minutes === null ? null : (
          <span className="soft">{` ${words.slos.facts.exhausted}: ${exhaustedText(minutes, view)}.`}</span>
        )}
      </figcaption>
      {isEmpty ? (
        <p className="soft">{budget.empty}</p>
      ) : (
        <BurnDownDrawing course={course} label={labelOf(course, name, view)} view={view} />
      )}
    </figure>
  );
};

const DayRow = ({ day, today, view }: { day: CourseDay; today: string; view: AdminView }) => {
  const { format, words } = view;
  const left = (share: number | null): string => (share === null ? words.slos.unknownTime : budgetText(share, format));
  return (
    <tr>
      <th scope="row">
        <time dateTime={day.date}>{format.day(day.date, today)}</time>
      </th>
      <td className="number">{left(day.own)}</td>
      <td className="number">{left(day.other)}</td>
      <td className="number">{countText(day.bad, format)}</td>
      <td className="number">{countText(day.total, format)}</td>
      <td className="number">{countText(day.expected, format)}</td>
      <td className="number">
        {coverageText(day.expected > 0 ? Math.min(1, day.total / day.expected) : null, format)}
      </td>
    </tr>
  );
};

type DayTableProps = { id: string; courses: SloCourses; at: number; view: AdminView };

const DayTable = ({ id, courses, at, view }: DayTableProps) => {
  const { budget } = view.words.sloPage;
  const name = (course: BudgetCourse): string => windowText(course.window, at as SloWithReading["activeFrom"], view);
  const columns = [budget.failed, budget.counted, budget.expected, budget.coverage];
  return (
    <div className="points" tabIndex={0} role="group" aria-label={budget.table} {...resource(`/v1/slos/${id}`)}>
      <table {...tableFigures("days", "")}>
        <thead>
          <tr>
            <th scope="col">{budget.day}</th>
            {[name(courses.own), name(courses.other), ...columns].map((column) => (
              <th scope="col" className="number" key={column}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {courses.days.toReversed().map((day) => (
            <DayRow key={day.date} day={day} today={iso(at)} view={view} />
          ))}
        </tbody>
      </table>
    </div>
  );
};

/** The budget over the SLO's own window and over the other kind beside it, drawn from exact counts. */
export const BudgetSection = ({ slo, courses, view }: Props) => {
  const { budget } = view.words.sloPage;
  const at = slo.evaluatedAt;
  return (
    <section aria-labelledby="budget">
      <div className="head">
        <h2 id="budget">{budget.title}</h2>
        {courses === null ? null : (
          <p>
            <a href={`/admin/slos/${slo.id}/burn-down.csv?tz=${encodeURIComponent(view.timeZone)}`}>
              {view.words.frame.csv}
            </a>
          </p>
        )}
      </div>
      {courses === null || at === null ? (
        <p className="soft">{budget.before}</p>
      ) : (
        <>
          <div className="two pair">
            <Course course={courses.own} at={at - 1} view={view} />
            <Course course={courses.other} at={at - 1} view={view} />
          </div>
          <p className="small soft">{budget.note}</p>
          <details>
            <summary>{budget.table}</summary>
            <DayTable id={slo.id} courses={courses} at={at - 1} view={view} />
          </details>
        </>
      )}
    </section>
  );
};
