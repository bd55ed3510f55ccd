import type { BurnDownPoint } from "#lib/read/slo/burn-down.ts";
import type { AheadPoint, BudgetCourse } from "#lib/read/slo/course.ts";
import type { Format } from "../../_view/format.ts";
import { fillText } from "../../_view/format.ts";
import { budgetText } from "./slo-words.ts";
import type { AdminView } from "./view.ts";
import { iso } from "./view.ts";

const WIDTH = 440;
const HEIGHT = 190;
const [LEFT, RIGHT, TOP, BOTTOM] = [40, 2, 10, 24];
const DAY_MS = 86_400_000;
/** Steps of the axis, and how far below the lowest measured value a line of what may come is drawn, in percent. */
const STEP = 25;
const MOST_STEPS = 6;
const MOST_COLUMNS = 31;
const WORD_HEIGHT = 13;

type Scale = {
  readonly x: (at: number) => number;
  /** Of a share of the budget; what lies below the floor is drawn on it. */
  readonly y: (share: number) => number;
  readonly floor: number;
  readonly ticks: readonly number[];
};

const tenth = (value: number): number => Math.round(value * 10) / 10;

/** Ticks whose words do not stand on those of the ones before them. */
const apart = (ticks: readonly number[], percentAPixel: number): number[] =>
  ticks.reduce<number[]>(
    (kept, tick) =>
      kept.some((other) => Math.abs(other - tick) < WORD_HEIGHT * percentAPixel) ? kept : [...kept, tick],
    [],
  );

const scaleOf = ({ points, ahead }: BudgetCourse): Scale => {
  const known = points.flatMap(({ whole }) => (whole === null ? [] : [whole]));
  const least = [...known, ...ahead.flatMap(({ ifStops }) => ifStops ?? [])].reduce((a, b) => Math.min(a, b), 0);
  const lowest = Math.floor((least * 100) / STEP) * STEP;
  const floor = ahead.some(({ ifGoesOn }) => (ifGoesOn ?? 0) * 100 < lowest) ? lowest - STEP : lowest;
  const step = Math.max(STEP, Math.ceil((100 - floor) / MOST_STEPS / STEP) * STEP);
  const ticks = [0];
  for (let tick = step; tick < 100; tick += step) ticks.push(tick);
  for (let tick = -step; tick >= floor; tick -= step) ticks.push(tick);
  const from = points[0]?.at ?? 0;
  const to = ahead.at(-1)?.at ?? points.at(-1)?.at ?? 1;
  return {
    x: (at) => tenth(LEFT + ((at - from) / Math.max(1, to - from)) * (WIDTH - LEFT - RIGHT)),
    y: (share) => tenth(TOP + ((100 - Math.max(floor, share * 100)) / (100 - floor)) * (HEIGHT - TOP - BOTTOM)),
    floor,
    ticks: apart([100, ...ticks], (100 - floor) / (HEIGHT - TOP - BOTTOM)),
  };
};

/** Measured points as steps: equal neighbours are one stroke, and where nothing was counted the line stops. */
const measuredPath = (points: readonly BurnDownPoint[], { x, y }: Scale): string => {
  let [path, isOpen, height] = ["", false, 0];
  points.forEach(({ at, whole }, index) => {
    if (whole === null) {
      isOpen = false;
      return;
    }
    const next = y(whole);
    const isLast = points[index + 1] === undefined || points[index + 1]?.whole === null;
    if (!isOpen) path += `M${x(at)} ${next}`;
    else if (next !== height || isLast) path += `H${x(at)}${next === height ? "" : `V${next}`}`;
    [isOpen, height] = [true, next];
  });
  return path;
};

const aheadPath = (ahead: readonly AheadPoint[], pick: (point: AheadPoint) => number | null, { x, y }: Scale): string =>
  ahead
    .flatMap((point) => {
      const share = pick(point);
      return share === null ? [] : [`${x(point.at)} ${y(share)}`];
    })
    .map((place, index) => `${index === 0 ? "M" : "L"}${place}`)
    .join("");

/** Spans in which nothing was counted, from the last known point to the next one. */
const gapsOf = (points: readonly BurnDownPoint[]): readonly { from: number; to: number }[] => {
  const gaps: { from: number; to: number }[] = [];
  points.forEach(({ at, whole }, index) => {
    if (whole !== null) return;
    const before = points[index - 1];
    const open = gaps.at(-1);
    const to = points[index + 1]?.at ?? at;
    if (before !== undefined && before.whole === null && open !== undefined) open.to = to;
    else gaps.push({ from: before?.at ?? at, to });
  });
  return gaps;
};

const axisText = (percent: number, format: Format): string => {
  const options = { notation: "compact", maximumFractionDigits: 1 } as const;
  const isShort = Math.abs(percent) < 10_000;
  const text = isShort ? format.integer(percent) : new Intl.NumberFormat(format.words.locale, options).format(percent);
  return text.replace("-", "−");
};

/** "9 July", or "14:00" where the whole drawing is two days at most. */
const timeText = (at: number, isLong: boolean, view: AdminView): string =>
  isLong
    ? new Intl.DateTimeFormat(view.format.words.locale, {
        day: "numeric",
        month: "short",
        timeZone: view.timeZone,
      }).format(at)
    : view.format.time(iso(at));

/** What stands at an instant, for the pointer: one column for each of some thirty points. */
const Columns = ({ course, scale, view }: { course: BudgetCourse; scale: Scale; view: AdminView }) => {
  const { words, format } = view;
  const { budget } = words.sloPage;
  const last = course.points.at(-1)?.at ?? 0;
  const thin = <T,>(list: readonly T[]): T[] => {
    const step = Math.max(1, Math.ceil(list.length / MOST_COLUMNS));
    return list.filter((_, index) => (list.length - 1 - index) % step === 0);
  };
  const columns = [
    ...thin(course.points).map(({ at, whole }) => ({
      at,
      text: whole === null ? words.slos.unknownTime : fillText(budget.left, { left: budgetText(whole, format) }),
    })),
    ...thin(course.ahead.slice(1)).map(({ at, ifStops, ifGoesOn }) => ({
      at,
      text: [
        fillText(budget.stops, { left: budgetText(ifStops, format) }),
        fillText(budget.goesOn, { left: budgetText(ifGoesOn, format) }),
      ].join("; "),
    })),
  ];
  return columns.map(({ at, text }, index) => {
    const from = index === 0 ? LEFT : scale.x(columns[index - 1]?.at ?? at);
    return (
      <rect
        key={at}
        className="column"
        x={from}
        y={TOP}
        width={Math.max(0, tenth(scale.x(at) - from))}
        height={HEIGHT - TOP - BOTTOM}
      >
        <title>{`${format.when(iso(at), iso(last))}: ${text}`}</title>
      </rect>
    );
  });
};

const Axes = ({ course, scale, view }: { course: BudgetCourse; scale: Scale; view: AdminView }) => {
  const { points, ahead } = course;
  const [from, now] = [points[0]?.at ?? 0, points.at(-1)?.at ?? 0];
  const to = ahead.at(-1)?.at ?? now;
  const isLong = to - from > 2 * DAY_MS;
  const foot = HEIGHT - 6;
  const isNowApart = scale.x(now) > LEFT + 60 && scale.x(now) < WIDTH - 60;
  return (
    <>
      {scale.ticks.map((tick) => (
        <g key={tick}>
          <path className={tick === 0 ? "zero" : "grid"} d={`M${LEFT} ${scale.y(tick / 100)}H${WIDTH - RIGHT}`} />
          <text x={LEFT - 6} y={scale.y(tick / 100) + 4} textAnchor="end">
            {axisText(tick, view.format)}
          </text>
        </g>
      ))}
      <text x={LEFT} y={foot}>
        {timeText(from, isLong, view)}
      </text>
      {isNowApart ? (
        <text x={scale.x(now)} y={foot} textAnchor="middle">
          {timeText(now, isLong, view)}
        </text>
      ) : null}
      <text x={WIDTH - RIGHT} y={foot} textAnchor="end">
        {timeText(to, isLong, view)}
      </text>
    </>
  );
};

/** The budget left over time with what may become of it. It only draws: the figures stand in the table and the file. */
export const BurnDownDrawing = ({ course, label, view }: { course: BudgetCourse; label: string; view: AdminView }) => {
  const scale = scaleOf(course);
  const { points, ahead } = course;
  const rise = aheadPath(ahead, ({ ifStops }) => ifStops, scale);
  const fall = aheadPath(ahead, ({ ifGoesOn }) => ifGoesOn, scale);
  const back = aheadPath(ahead.toReversed(), ({ ifGoesOn }) => ifGoesOn, scale).replace("M", "L");
  const last = points.at(-1);
  return (
    <svg className="burn-down" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {gapsOf(points).map(({ from, to }) => (
        <rect
          key={from}
          className="gap"
          x={scale.x(from)}
          y={TOP}
          width={Math.max(1, tenth(scale.x(to) - scale.x(from)))}
          height={HEIGHT - TOP - BOTTOM}
        />
      ))}
      <Axes course={course} scale={scale} view={view} />
      {rise === "" ? null : <path className="band" d={`${rise}${back}z`} />}
      {last === undefined ? null : <path className="now" d={`M${scale.x(last.at)} ${TOP}V${HEIGHT - BOTTOM}`} />}
      {rise === "" ? null : <path className="rise" d={rise} />}
      {fall === rise ? null : <path className="fall" d={fall} />}
      <path className="line" d={measuredPath(points, scale)} />
      {last === undefined || last.whole === null ? null : (
        <circle className="dot" cx={scale.x(last.at)} cy={scale.y(last.whole)} r="4.5" />
      )}
      <Columns course={course} scale={scale} view={view} />
    </svg>
  );
};
