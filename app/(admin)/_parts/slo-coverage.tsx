import type { CourseDay } from "#lib/read/slo/course.ts";
import { fillText } from "../../_view/format.ts";
import type { AdminView } from "./view.ts";

const WIDTH = 8;
const DRAWN = 6;
const HEIGHT = 28;
const FULL = 20;
const MOST_NAMED = 3;
/** A day is complete from here on: a check or two may be late. */
const COMPLETE = 0.995;

/** "complete", a "gap" of any size, "none" measured at all, or nothing "expected". */
const kindOf = ({ total, expected }: CourseDay): "complete" | "gap" | "none" | "notExpected" => {
  if (expected === 0) return total > 0 ? "complete" : "notExpected";
  if (total === 0) return "none";
  return total / expected >= COMPLETE ? "complete" : "gap";
};

const pathsOf = (days: readonly CourseDay[]) => {
  const paths = { complete: "", gap: "", missing: "", notExpected: "" };
  days.forEach((day, index) => {
    const x = index * WIDTH;
    const kind = kindOf(day);
    if (kind === "complete") paths.complete += `M${x} ${HEIGHT}h${DRAWN}v-${FULL}h-${DRAWN}z`;
    else if (kind === "notExpected") paths.notExpected += `M${x} 27h${DRAWN}M${x} 21h${DRAWN}M${x} 15h${DRAWN}`;
    else {
      const height = kind === "none" ? 0 : Math.max(2, Math.round((FULL * day.total) / day.expected));
      if (height > 0) paths.gap += `M${x} ${HEIGHT}h${DRAWN}v-${height}h-${DRAWN}z`;
      paths.missing += `M${x + 0.5} ${HEIGHT - 0.5}h${DRAWN - 1}v-${FULL - 1}h-${DRAWN - 1}z`;
    }
  });
  return paths;
};

const sentenceOf = (days: readonly CourseDay[], { words, format }: AdminView): string => {
  const { coverage } = words.sloPage;
  const last = days.at(-1)?.date ?? "1970-01-01";
  const gaps = days.filter((day) => kindOf(day) === "gap" || kindOf(day) === "none");
  const notExpected = days.filter((day) => kindOf(day) === "notExpected").length;
  if (days.length === notExpected) return coverage.empty;
  const named = gaps.slice(-MOST_NAMED).map(({ date }) => format.day(date, last));
  const list = gaps.length > MOST_NAMED ? `…, ${format.list(named)}` : format.list(named);
  return [
    gaps.length === 0 ? coverage.complete : fillText(format.plural(gaps.length, coverage.gaps), { days: list }),
    ...(notExpected === 0 ? [] : [format.plural(notExpected, coverage.notExpected)]),
  ].join(" ");
};

/** How much of what was expected was counted, by day: a day with a gap is lower than its outline. */
export const CoverageSection = ({ days, view }: { days: readonly CourseDay[]; view: AdminView }) => {
  const { coverage } = view.words.sloPage;
  if (days.length === 0) return null;
  const { complete, gap, missing, notExpected } = pathsOf(days);
  return (
    <div className="coverage">
      <div className="head">
        <h3>{coverage.title}</h3>
        <p className="soft">{coverage.note}</p>
      </div>
      <svg
        className="days"
        viewBox={`0 0 ${days.length * WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        {complete === "" ? null : <path className="complete" d={complete} />}
        {gap === "" ? null : <path className="gap" d={gap} />}
        {missing === "" ? null : <path className="missing" d={missing} />}
        {notExpected === "" ? null : <path className="works" d={notExpected} />}
      </svg>
      <p className="small soft">{sentenceOf(days, view)}</p>
    </div>
  );
};
