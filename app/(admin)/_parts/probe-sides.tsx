import type { ProbeDashboard, ProbeQuestion } from "#lib/read/probe-dashboard.ts";
import { figure, resource } from "./figure.tsx";
import { probeAddress } from "./probe-search.ts";
import { RedHeads } from "./red-heads.tsx";
import { metricsPath, tookText } from "./red-marks.ts";
import { HEIGHT, linePath, niceTop, STEP, unknownPath } from "./red-plot.tsx";
import { isMeasured } from "./red-rows.ts";
import type { AdminView } from "./view.ts";

type Side = ProbeDashboard["sides"][number];

const Line = ({ side: { red }, top }: { side: Side; top: number }) => {
  const { points } = red.metrics;
  return (
    <svg
      className="strip"
      viewBox={`0 0 ${points.length * STEP} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path className="unknown" d={unknownPath(points.map(isMeasured))} />
      <path
        className="line p95"
        d={linePath(
          points.map(({ durationMs }) => durationMs.p95),
          top,
        )}
      />
    </svg>
  );
};

type RowProps = {
  readonly view: AdminView;
  readonly question: ProbeQuestion;
  readonly side: Side;
  readonly top: number;
};

const Row = ({ view, question, side, top }: RowProps) => {
  const { format, words } = view;
  const { noData } = words.probes;
  const { total: runs, errors, errorRatio, durationMs } = side.red.totals;
  return (
    <tr {...resource(metricsPath(side.red.metrics, true))}>
      <th scope="row">
        <a href={probeAddress(question, { location: side.location.id })}>{side.location.name}</a>
      </th>
      <td className="draw">
        <Line side={side} top={top} />
      </td>
      <td className="number" {...figure("count", "/totals/total")}>
        {format.integer(runs)}
      </td>
      <td className={`number${errors > 0 ? " major" : ""}`} {...figure("finerShare", "/totals/errorRatio")}>
        {errorRatio === null ? noData : format.percent(errorRatio, 3)}
      </td>
      {Object.entries(durationMs).map(([name, ms]) => (
        <td className="number" key={name} {...figure("took", `/totals/durationMs/${name}`)}>
          {ms === null ? noData : tookText(ms, format)}
        </td>
      ))}
    </tr>
  );
};

/** The same range for each location, on one scale. */
export const ProbeSides = ({
  view,
  question,
  sides,
}: {
  view: AdminView;
  question: ProbeQuestion;
  sides: ProbeDashboard["sides"];
}) => {
  const { words } = view;
  const { sides: text, figures, location } = words.probes;
  const all = sides.flatMap(({ red }) => red.metrics.points.map(({ durationMs }) => durationMs.p95 ?? 0));
  const top = niceTop(Math.max(0, ...all), 1);
  return (
    <section aria-labelledby="sides">
      <div className="head">
        <h2 id="sides">{text.title}</h2>
        <a className="small" href={probeAddress(question, { file: "locations.csv" })}>
          {words.frame.csv}
        </a>
      </div>
      <p className="small soft">{text.note}</p>
      <div className="scroll" tabIndex={0} role="group" aria-label={text.title}>
        <table>
          <RedHeads
            heads={[
              { name: location },
              { name: figures.p95, kind: "draw" },
              ...[figures.runs, figures.errors, figures.p50, figures.p95, figures.p99].map((name) => ({
                name,
                kind: "number" as const,
              })),
            ]}
          />
          <tbody>
            {sides.map((side) => (
              <Row key={side.location.id} view={view} question={question} side={side} top={top} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
};
