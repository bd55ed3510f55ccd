import type { ReactNode } from "react";
import type { MetricsResource } from "#lib/contracts/metrics.ts";
import { DAY_MS } from "#lib/core/units.ts";
import type { AdminView } from "./view.ts";
import { iso } from "./view.ts";

/** Units of a drawing that a point is wide, and that a drawing is high. The style sheet stretches both. */
export const STEP = 10;
export const HEIGHT = 100;
const X_LABELS = 5;

/** The smallest of 1, 2, 5, 10, 20 … that is not less than `value`; `least` where that is more. */
export const niceTop = (value: number, least: number): number => {
  if (value <= least) return least;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5, 10].find((each) => each * power >= value - 1e-12) ?? 10;
  return factor * power;
};

const round = (value: number): number => Math.round(value * 10) / 10;

/** A line over the points; it stops where values stop, and a value between two gaps is a short dash. */
export const linePath = (values: readonly (number | null)[], top: number): string => {
  const y = (value: number): number => round(HEIGHT - (Math.min(value, top) / top) * HEIGHT);
  return values
    .map((value, index) => {
      if (value === null) return "";
      const [before, after] = [values[index - 1] ?? null, values[index + 1] ?? null];
      if (before !== null) return `L${index * STEP + STEP / 2} ${y(value)}`;
      return after === null
        ? `M${index * STEP + 2} ${y(value)}h${STEP - 4}`
        : `M${index * STEP + STEP / 2} ${y(value)}`;
    })
    .join("");
};

/** A line on the ground wherever nothing is known, with `y` in units of the drawing. */
export const unknownPath = (isKnown: readonly boolean[], y = HEIGHT): string =>
  isKnown
    .map((known, index) => {
      if (known) return "";
      return isKnown[index - 1] === false ? `h${STEP}` : `M${index * STEP} ${y}h${STEP}`;
    })
    .join("");

/** Texts under a drawing: instants at equal distances, days where the range is longer than one. */
const timesOf = ({ from, to }: MetricsResource, { format, today }: AdminView): string[] => {
  const [start, end] = [Date.parse(from), Date.parse(to)];
  return Array.from({ length: X_LABELS }, (_, index) => {
    const at = iso(start + ((end - start) * index) / (X_LABELS - 1));
    return end - start > 1.5 * DAY_MS ? format.day(at, today) : format.time(at);
  });
};

type Props = {
  readonly view: AdminView;
  readonly metrics: MetricsResource;
  readonly label: string;
  /** From the top to the ground, at equal distances. */
  readonly scale: readonly string[];
  readonly height?: number;
  /** Labels stand beside bands and not beside lines. */
  readonly isBanded?: boolean;
  readonly children: ReactNode;
};

/** A drawing over time with its scales in words around it, so that text keeps its size at any width. */
export const RedPlot = ({ view, metrics, label, scale, height = HEIGHT, isBanded = false, children }: Props) => {
  const width = metrics.points.length * STEP;
  return (
    <div className="plot">
      <div className={isBanded ? "scale banded" : "scale"} aria-hidden="true">
        {scale.map((text, index) => (
          <span key={index}>{text}</span>
        ))}
      </div>
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
        {isBanded
          ? null
          : [0, HEIGHT / 2, HEIGHT].map((y) => (
              <path key={y} className={y === HEIGHT ? "ground" : "grid"} d={`M0 ${y}H${width}`} />
            ))}
        {children}
      </svg>
      <div className="times" aria-hidden="true">
        {timesOf(metrics, view).map((text, index) => (
          <span key={index}>{text}</span>
        ))}
      </div>
    </div>
  );
};
