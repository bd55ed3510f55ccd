import type { MetricsResource } from "#lib/contracts/metrics.ts";
import type { Heat, HeatBand } from "#lib/read/red-heat.ts";
import { fillText } from "../../_view/format.ts";
import { ChartFigure } from "./chart-figure.tsx";
import { resource, tableFigures } from "./figure.tsx";
import { metricsPath } from "./red-marks.ts";
import { RedPlot, STEP, unknownPath } from "./red-plot.tsx";
import { isMeasured } from "./red-rows.ts";
import type { AdminView } from "./view.ts";

/** Steps of ink. */
const LEVELS = 5;

/** 1 … LEVELS; the root, so that a few slow runs are seen beside many quick ones. */
const levelOf = (count: number, most: number): number => Math.max(1, Math.ceil(Math.sqrt(count / most) * LEVELS));

/** All cells of one level as one path; the slowest band is at the top. */
const cellsPath = ({ counts, bands }: Heat, level: number, most: number): string =>
  counts
    .flatMap((point, x) =>
      point.map((count, band) => {
        if (count === 0 || levelOf(count, most) !== level) return "";
        return `M${x * STEP} ${(bands.length - 1 - band) * STEP}h${STEP}v${STEP}h-${STEP}z`;
      }),
    )
    .join("");

const bandName = ({ fromMs, toMs }: HeatBand, { format, words }: AdminView): string => {
  const { heat } = words.probes;
  const from = format.response(fromMs);
  return toMs === null ? fillText(heat.from, { from }) : fillText(heat.band, { from, to: format.response(toMs) });
};

type Props = {
  readonly view: AdminView;
  readonly metrics: MetricsResource;
  readonly heat: Heat;
  readonly csv: string;
  readonly isOne: boolean;
};

/** How many good runs took how long, over time: ink for number, dashes at the ground for what is unknown. */
export const HeatMap = ({ view, metrics, heat, csv, isOne }: Props) => {
  const { format, words } = view;
  const { heat: text, noData, time } = words.probes;
  const { bands, counts } = heat;
  const most = Math.max(1, ...counts.flat());
  const height = bands.length * STEP;
  return (
    <ChartFigure
      view={view}
      id="heat"
      source={{ ...resource(metricsPath(metrics, isOne)), ...tableFigures("heat", "/points") }}
      title={text.title}
      note={bands.length === 0 ? text.none : text.note}
      csv={csv}
      columns={[time, ...bands.map((band) => bandName(band, view))]}
      rows={metrics.points.map((point, index) => [
        format.when(point.at, view.today),
        ...(counts[index] ?? []).map((count) => (isMeasured(point) ? format.integer(count) : noData)),
      ])}
    >
      {bands.length === 0 ? null : (
        <>
          <RedPlot
            view={view}
            metrics={metrics}
            label={text.title}
            scale={bands.map(({ fromMs }) => format.response(fromMs)).reverse()}
            height={height}
            isBanded
          >
            <path className="unknown" d={unknownPath(metrics.points.map(isMeasured), height)} />
            {Array.from({ length: LEVELS }, (_, index) => (
              <path key={index} className={`heat h${index + 1}`} d={cellsPath(heat, index + 1, most)} />
            ))}
          </RedPlot>
          <p className="key">
            {text.fewer}
            <svg className="ramp" viewBox="0 0 50 10" aria-hidden="true">
              {Array.from({ length: LEVELS }, (_, index) => (
                <rect key={index} className={`heat h${index + 1}`} x={index * 10} width="10" height="10" />
              ))}
            </svg>
            {text.more}
          </p>
        </>
      )}
    </ChartFigure>
  );
};
