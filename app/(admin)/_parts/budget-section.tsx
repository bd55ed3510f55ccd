import type { BurnDownPoint } from "#lib/read/slo-burn-down.ts";
import type { SloWithReading } from "#lib/read/slo-dashboard.ts";
import type { Format } from "../../_view/format.ts";
import { BurnDownChart } from "./burn-down-chart.client.tsx";
import { budgetText, windowWords } from "./slo-words.ts";
import { iso } from "./view.ts";

type Props = { slo: SloWithReading; points: readonly BurnDownPoint[]; format: Format };

const labelOf = ({ slo, points, format }: Props): string => {
  const known = points.filter(({ remaining }) => remaining !== null);
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined) return "Budget left: nothing measured yet.";
  const at = (point: BurnDownPoint) => format.when(iso(point.at), iso(last.at));
  return `Budget left, ${windowWords(slo.definition, format)}: ${budgetText(first.remaining, format)} at ${at(first)}, ${budgetText(last.remaining, format)} at ${at(last)}.`;
};

const PointTable = ({ points, format }: Omit<Props, "slo">) => {
  const newest = points.at(-1)?.at ?? 0;
  return (
    <div className="points" tabIndex={0} role="group" aria-label="Budget left as a table">
      <table>
        <thead>
          <tr>
            <th scope="col">Until</th>
            <th scope="col" className="number">
              Budget left
            </th>
            <th scope="col" className="number">
              Failed since
            </th>
            <th scope="col" className="number">
              Counted
            </th>
            <th scope="col" className="number">
              Expected
            </th>
          </tr>
        </thead>
        <tbody>
          {points.toReversed().map((point) => (
            <tr key={point.at}>
              <th scope="row">
                <time dateTime={iso(point.at)}>{format.when(iso(point.at), iso(newest))}</time>
              </th>
              <td className="number">
                {point.remaining === null ? "not measured" : budgetText(point.remaining, format)}
              </td>
              <td className="number">{format.integer(point.bad)}</td>
              <td className="number">{format.integer(point.total)}</td>
              <td className="number">{format.integer(point.expected)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
};

/** The burn-down of the window, with the exclusions in force, drawn from exact counts, with the counts behind it. */
export const BudgetSection = ({ slo, points, format }: Props) => {
  const { window } = slo.definition;
  const span = format.span(window.durationMs);
  const counts =
    window.kind === "calendar"
      ? "Each point counts from the start of the period."
      : `Each point counts the ${span} before it.`;
  const chartPoints = points.map(({ at, remaining }) => ({ at, left: remaining === null ? null : remaining * 100 }));
  return (
    <section aria-labelledby="budget">
      <div className="head">
        <h2 id="budget">Budget left, percent</h2>
        {points.length === 0 ? null : (
          <p>
            <a href={`/admin/slos/${slo.id}/burn-down.csv`}>CSV</a>
          </p>
        )}
      </div>
      {points.length === 0 ? (
        <p className="soft">Nothing is drawn before the first complete minute.</p>
      ) : points.every(({ remaining }) => remaining === null) ? (
        <p className="soft">Nothing was counted in this time, so there is nothing to draw.</p>
      ) : (
        <>
          <figure>
            <figcaption className="small soft">
              {`${windowWords(slo.definition, format, "capital")}. ${counts} With the exclusions in force. Grey: nothing counted.`}
            </figcaption>
            <BurnDownChart points={chartPoints} timeZone={format.timeZone} label={labelOf({ slo, points, format })} />
          </figure>
          <details>
            <summary>Table</summary>
            <PointTable points={points} format={format} />
          </details>
        </>
      )}
    </section>
  );
};
