import type { MetricsPoint, MetricsResource } from "#lib/contracts/metrics.ts";
import { ChartFigure } from "./chart-figure.tsx";
import { resource, tableFigures } from "./figure.tsx";
import { metricsPath, tookText } from "./red-marks.ts";
import { HEIGHT, linePath, niceTop, RedPlot, STEP, unknownPath } from "./red-plot.tsx";
import { drawnClasses, isMeasured, reportsOf, stackOf } from "./red-rows.ts";
import type { AdminView } from "./view.ts";

type Props = {
  readonly view: AdminView;
  readonly metrics: MetricsResource;
  readonly csv: string;
  readonly isOne: boolean;
};

const timeOf = ({ at }: MetricsPoint, { format, today }: AdminView): string => format.when(at, today);
const perMinute = ({ rate }: MetricsPoint): number | null => (rate === null ? null : rate * 60);
const unknown = (points: readonly MetricsPoint[]) => (
  <path className="unknown" d={unknownPath(points.map(isMeasured))} />
);

/** How many runs there were, by the minute. */
export const RateChart = ({ view, metrics, csv, isOne }: Props) => {
  const { format, words } = view;
  const { rate: text, noData, time } = words.probes;
  const values = metrics.points.map(perMinute);
  const top = niceTop(Math.max(...values.map((value) => value ?? 0)), 1);
  const label = (value: number): string => format.rate(value);
  return (
    <ChartFigure
      view={view}
      id="rate"
      source={{ ...resource(metricsPath(metrics, isOne)), ...tableFigures("rate", "/points") }}
      title={text.title}
      note={text.note}
      csv={csv}
      columns={[time, text.total, text.expected, text.perMinute]}
      rows={metrics.points.map((point) => [
        timeOf(point, view),
        isMeasured(point) ? format.integer(point.total) : noData,
        format.integer(point.expected),
        point.rate === null ? noData : format.rate(point.rate * 60),
      ])}
    >
      <RedPlot view={view} metrics={metrics} label={text.title} scale={[label(top), label(top / 2), label(0)]}>
        {unknown(metrics.points)}
        <path className="line" d={linePath(values, top)} />
      </RedPlot>
    </ChartFigure>
  );
};

const columnsPath = (
  points: readonly MetricsPoint[],
  stacks: readonly (readonly number[])[],
  at: number,
  top: number,
) =>
  points
    .map((point, index) => {
      const stack = stacks[index] ?? [];
      const count = stack[at] ?? 0;
      if (count === 0) return "";
      const unit = HEIGHT / (reportsOf(point) * top);
      const below = stack.slice(0, at).reduce((sum, each) => sum + each, 0) * unit;
      const tall = count * unit;
      return `M${index * STEP + 1} ${(HEIGHT - below - tall).toFixed(2)}h${STEP - 2}v${tall.toFixed(2)}h${2 - STEP}z`;
    })
    .join("");

/** Which share of the runs saw an error, by class. */
export const ErrorChart = ({ view, metrics, csv, isOne }: Props) => {
  const { format, words } = view;
  const { errors: text, classes, noData, time } = words.probes;
  const { points } = metrics;
  const { apart, others } = drawnClasses(metrics);
  const stacks = points.map((point) => stackOf(point, apart));
  const top = Math.min(1, niceTop(Math.max(...points.map(({ errorRatio }) => errorRatio ?? 0)), 0.01));
  const label = (share: number): string => format.percent(share, 2);
  const names = [...apart.map(({ name }) => classes[name]), ...(others === 0 ? [] : [text.others])];
  const counts = [...apart.map(({ count }) => count), others];
  return (
    <ChartFigure
      view={view}
      id="errors"
      source={{ ...resource(metricsPath(metrics, isOne)), ...tableFigures("errors", "/points") }}
      title={text.title}
      note={text.note}
      csv={csv}
      columns={[time, text.share, ...names, text.unvoted]}
      rows={points.map((point, index) => [
        timeOf(point, view),
        point.errorRatio === null ? noData : format.percent(point.errorRatio, 2),
        ...(stacks[index] ?? [])
          .slice(0, names.length)
          .map((count) => (isMeasured(point) ? format.integer(count) : noData)),
        format.integer(point.unvoted),
      ])}
    >
      <RedPlot view={view} metrics={metrics} label={text.title} scale={[label(top), label(top / 2), label(0)]}>
        {unknown(points)}
        {names.map((name, at) => (
          <path key={name} className={`stack s${at}`} d={columnsPath(points, stacks, at, top)} />
        ))}
      </RedPlot>
      {names.length === 0 ? (
        <p className="small soft">{text.none}</p>
      ) : (
        <ul className="key">
          {names.map((name, at) => (
            <li key={name}>
              <span className={`swatch s${at}`} /> {name} <b>{format.integer(counts[at] ?? 0)}</b>
            </li>
          ))}
        </ul>
      )}
    </ChartFigure>
  );
};

const QUANTILES = ["p50", "p95", "p99"] as const;

/** How long good runs took. */
export const DurationChart = ({ view, metrics, csv, isOne }: Props) => {
  const { format, words } = view;
  const { durations: text, figures, noData, time } = words.probes;
  const { points } = metrics;
  const top = niceTop(Math.max(...points.map(({ durationMs }) => durationMs.p99 ?? 0)), 1);
  const names = { p50: figures.p50, p95: figures.p95, p99: figures.p99 };
  const label = (ms: number): string => tookText(ms, format);
  return (
    <ChartFigure
      view={view}
      id="durations"
      source={{ ...resource(metricsPath(metrics, isOne)), ...tableFigures("durations", "/points") }}
      title={text.title}
      note={text.note}
      csv={csv}
      columns={[time, ...QUANTILES.map((name) => names[name])]}
      rows={points.map((point) => [
        timeOf(point, view),
        ...QUANTILES.map((name) =>
          point.durationMs[name] === null ? noData : tookText(point.durationMs[name], format),
        ),
      ])}
    >
      <RedPlot view={view} metrics={metrics} label={text.title} scale={[label(top), label(top / 2), label(0)]}>
        {unknown(points)}
        {QUANTILES.map((name) => (
          <path
            key={name}
            className={`line ${name}`}
            d={linePath(
              points.map(({ durationMs }) => durationMs[name]),
              top,
            )}
          />
        ))}
      </RedPlot>
      <ul className="key">
        {QUANTILES.map((name) => (
          <li key={name}>
            <svg className="sample" viewBox="0 0 24 8" aria-hidden="true">
              <path className={`line ${name}`} d="M0 4h24" />
            </svg>{" "}
            {names[name]}
          </li>
        ))}
      </ul>
    </ChartFigure>
  );
};
