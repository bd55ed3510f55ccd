import type { SparkDay } from "#lib/read/slo/sparks.ts";
import type { Format } from "../../_view/format.ts";
import { fillText } from "../../_view/format.ts";
import type { AdminWords } from "../_words/index.ts";
import { iso } from "./view.ts";

const WIDTH = 4;
const DRAWN = 3;
const HEIGHT = 20;
const LEAST = 4;

type Kind = "calm" | "bad" | "none" | "maint";

const kindOf = ({ bad, total, isExcluded }: SparkDay): Kind =>
  isExcluded ? "maint" : total === 0 ? "none" : bad === 0 ? "calm" : "bad";

/** Heights of the strokes of a kind; the dashes between the days are in the style sheet. */
const STROKES: Readonly<Record<Exclude<Kind, "bad">, readonly number[]>> = {
  calm: [18.5],
  none: [19.5],
  maint: [17.5, 13.5],
};

/**
 * The days as paths. Calm days are a low line, a day with failures rises by the root of its share of the budget of these
 * days, a day without data is a hairline, and one with an exclusion has a mark of its own. Equal neighbours are one stroke.
 */
const pathsOf = (days: readonly SparkDay[], objective: string): Readonly<Record<Kind, string>> => {
  const allowed = days.reduce((sum, { total }) => sum + total, 0) * (1 - Number(objective) / 100);
  const paths = { calm: "", bad: "", none: "", maint: "" };
  let start = 0;
  days.forEach((day, index) => {
    const kind = kindOf(day);
    if (kind === "bad") {
      const height = LEAST + Math.round((HEIGHT - LEAST) * Math.sqrt(Math.min(1, day.bad / allowed)));
      paths.bad += `M${index * WIDTH} ${HEIGHT}h${DRAWN}v-${height}h-${DRAWN}z`;
    }
    const next = days[index + 1];
    if (next !== undefined && kind !== "bad" && kindOf(next) === kind) return;
    if (kind !== "bad")
      paths[kind] += STROKES[kind].map((y) => `M${start * WIDTH} ${y}h${(index + 1 - start) * WIDTH - 1}`).join("");
    start = index + 1;
  });
  return paths;
};

const sentenceOf = (days: readonly SparkDay[], words: AdminWords["slos"]["overview"], format: Format): string => {
  const worst = days.reduce((most, day) => (day.bad > most.bad ? day : most), { bad: 0, total: 0, dayAt: 0 });
  const unknown = days.filter(({ total, isExcluded }) => total === 0 && !isExcluded).length;
  const day = iso(worst.dayAt).slice(0, 10);
  const counts = { bad: format.integer(worst.bad), total: format.integer(worst.total) };
  const facts = [
    worst.bad === 0
      ? words.sparkCalm
      : fillText(words.sparkWorst, { day: format.day(day, iso(days.at(-1)?.dayAt ?? 0)), ...counts }),
    ...(unknown === 0 ? [] : [format.plural(unknown, words.sparkUnknown)]),
  ];
  return facts.join(", ");
};

type Props = { days: readonly SparkDay[]; objective: string; words: AdminWords["slos"]["overview"]; format: Format };

/** Twenty-eight days of failures as one small drawing, with a sentence for those who do not see it. */
export const Spark = ({ days, objective, words, format }: Props) => {
  const { calm, bad, none, maint } = pathsOf(days, objective);
  return (
    <>
      <svg className="spark" viewBox={`0 0 ${days.length * WIDTH} ${HEIGHT}`} aria-hidden="true">
        {calm === "" ? null : <path className="calm" d={calm} />}
        {none === "" ? null : <path className="gap" d={none} />}
        {maint === "" ? null : <path className="works" d={maint} />}
        {bad === "" ? null : <path className="failed" d={bad} />}
      </svg>
      <span className="hidden">{sentenceOf(days, words, format)}</span>
    </>
  );
};
