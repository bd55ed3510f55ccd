"use client";

import {
  CartesianGrid,
  Line,
  LineChart,
  ReferenceArea,
  ReferenceDot,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from "recharts";

/** Percent of the budget left at an instant (epoch ms); null where nothing was measured. */
export type ChartPoint = { readonly at: number; readonly left: number | null };

type Props = { points: readonly ChartPoint[]; timeZone: string; label: string };

const DAY_MS = 86_400_000;

/** Runs of unmeasured points, from the last known point to the next one. */
const gapsOf = (points: readonly ChartPoint[]): readonly { from: number; to: number }[] => {
  const gaps: { from: number; to: number }[] = [];
  points.forEach((point, index) => {
    if (point.left !== null) return;
    const before = points[index - 1];
    const open = gaps.at(-1);
    const to = (points[index + 1] ?? point).at;
    if (before !== undefined && before.left === null && open !== undefined) open.to = to;
    else gaps.push({ from: (before ?? point).at, to });
  });
  return gaps;
};

const grouped = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en-GB", { notation: "compact", maximumFractionDigits: 1 });

/** "−2,400", and "−49.9k" where the digits would not fit beside the axis. */
const percentTick = (left: number): string =>
  (Math.abs(left) < 10_000 ? grouped : compact).format(left).replace("-", "−");

const formats = (points: readonly ChartPoint[], timeZone: string) => {
  const isLong = (points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0) > 2 * DAY_MS;
  const of = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat("en-GB", { ...options, timeZone });
    return (at: number) => format.format(at);
  };
  return {
    tick: of(isLong ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
    full: of({ day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  };
};

const Tip = ({ point, when }: { point: ChartPoint | undefined; when: (at: number) => string }) =>
  point === undefined ? null : (
    <div className="tip">
      {when(point.at)}
      <br />
      {point.left === null ? "not measured" : `${Math.floor(point.left * 10) / 10} % left`}
    </div>
  );

/** The budget left over time. It only draws: the same numbers stand in the table and the file beside it. */
export const BurnDownChart = ({ points, timeZone, label }: Props) => {
  const write = formats(points, timeZone);
  const known = points.flatMap(({ left }) => (left === null ? [] : [left]));
  const lowest = Math.min(0, ...known);
  const last = points.at(-1);
  const axis = { stroke: "var(--edge)", tick: { fill: "var(--soft)" }, tickLine: false };
  return (
    <div className="chart" role="img" aria-label={label}>
      <ResponsiveContainer width="100%" height="100%">
        <LineChart data={[...points]} margin={{ top: 8, right: 12, bottom: 0, left: 0 }} accessibilityLayer={false}>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis
            {...axis}
            dataKey="at"
            type="number"
            domain={["dataMin", "dataMax"]}
            tickFormatter={write.tick}
            minTickGap={48}
          />
          <YAxis
            {...axis}
            axisLine={false}
            width={56}
            domain={[Math.floor(lowest / 25) * 25, 100]}
            tickFormatter={percentTick}
          />
          {gapsOf(points).map(({ from, to }) => (
            <ReferenceArea
              key={from}
              x1={from}
              x2={to}
              fill="var(--none-bar)"
              fillOpacity={0.16}
              ifOverflow="visible"
            />
          ))}
          <ReferenceLine y={0} stroke="var(--edge)" />
          <Tooltip
            isAnimationActive={false}
            cursor={{ stroke: "var(--edge)" }}
            content={({ active, payload }) =>
              active === true && <Tip point={payload?.[0]?.payload as ChartPoint | undefined} when={write.full} />
            }
          />
          <Line
            dataKey="left"
            stroke="var(--text)"
            strokeWidth={1.75}
            dot={false}
            connectNulls={false}
            isAnimationActive={false}
          />
          {last === undefined || last.left === null ? null : (
            <ReferenceDot x={last.at} y={last.left} r={4.5} fill="var(--text)" stroke="var(--bg)" strokeWidth={2} />
          )}
        </LineChart>
      </ResponsiveContainer>
    </div>
  );
};
