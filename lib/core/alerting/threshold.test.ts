import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { THRESHOLD_METRICS } from "../definitions.ts";
import { histogramOf } from "../histogram.ts";
import type { AlertState } from "../slo/alert.ts";
import { fraction, toNumber } from "../slo/fraction.ts";
import type { EpochMinute } from "../units.ts";
import { durationMs, MINUTE_MS } from "../units.ts";
import type { Figure, MinuteRed } from "./threshold.ts";
import { decideThreshold, isBeyond, queryFigure, redFigure } from "./threshold.ts";

const minute = (count: number) => count as EpochMinute;
const red = (changes: Partial<MinuteRed> = {}): MinuteRed => ({
  expected: 10,
  good: 10,
  bad: 0,
  status5xx: 0,
  durationSumUs: 1_000_000,
  histogram: histogramOf(Array.from({ length: 10 }, () => 100_000)),
  ...changes,
});
const overFive = (metric: (typeof THRESHOLD_METRICS)[number], minutes: readonly (MinuteRed | undefined)[]) =>
  redFigure(
    { metric, windowMs: durationMs(5 * MINUTE_MS) },
    new Map(minutes.flatMap((one, index) => (one === undefined ? [] : [[minute(index), one] as const]))),
    minute(minutes.length - 1),
  );
const numberOf = ({ value }: Figure): number | null => (value === null ? null : toNumber(value));

describe("figures over a window", () => {
  test.each([
    { metric: "error_rate_5xx" as const, expected: 10 },
    { metric: "success_rate" as const, expected: 90 },
    { metric: "average" as const, expected: 111.111 },
  ])("$metric is a ratio of sums", ({ metric, expected }) => {
    const minutes = [red(), red({ good: 5, bad: 5, status5xx: 5 }), red(), red(), red()];
    expect(numberOf(overFive(metric, minutes))).toBeCloseTo(expected, 3);
  });

  test("p99 is that of all durations, within 1.6 %", () => {
    const slow = red({ histogram: histogramOf([2_000_000]), good: 1, expected: 1 });
    expect(numberOf(overFive("p99", [red(), red(), slow]))).toBeGreaterThan(1_960);
    expect(numberOf(overFive("p99", [red(), red(), slow]))).toBeLessThan(2_040);
  });

  test("minutes outside the window do not count, and without runs there is no figure", () => {
    const bad = red({ good: 0, bad: 10, status5xx: 10 });
    expect(numberOf(overFive("error_rate_5xx", [bad, red(), red(), red(), red(), red()]))).toBe(0);
    for (const metric of THRESHOLD_METRICS) expect(numberOf(overFive(metric, [undefined]))).toBeNull();
  });

  test("with gaps, what is missing counts as good", () => {
    const sparse = red({ expected: 100, good: 0, bad: 1, status5xx: 1 });
    const figure = overFive("error_rate_5xx", [sparse]);
    expect(numberOf(figure)).toBe(1);
    expect(figure.isCovered).toBe(false);
    expect(numberOf(overFive("success_rate", [sparse]))).toBe(99);
  });

  test("a figure exactly on the limit is not above it", () => {
    const on: Figure = { value: fraction(1n, 100n), isCovered: true };
    expect(isBeyond(on, { op: "gt", value: "0.01" })).toBe(false);
    expect(isBeyond(on, { op: "ge", value: "0.01" })).toBe(true);
    expect(isBeyond({ value: null, isCovered: true }, { op: "lt", value: "95" })).toBe(false);
  });
});

describe("figures of another system", () => {
  test("seconds become milliseconds, and a drop is told against the baseline", () => {
    expect(numberOf(queryFigure("p99", 1.25, undefined))).toBe(1_250);
    expect(numberOf(queryFigure("rate_429", 7, undefined))).toBe(7);
    expect(numberOf(queryFigure("traffic_drop", 40, 100))).toBe(60);
    expect(numberOf(queryFigure("traffic_drop", 40, 0))).toBeNull();
    expect(numberOf(queryFigure("traffic_drop", 40, undefined))).toBeNull();
    expect(numberOf(queryFigure("average", undefined, undefined))).toBeNull();
  });
});

describe("the state of a threshold alert", () => {
  const alert = { op: "gt" as const, value: "1", forMs: durationMs(2 * MINUTE_MS) };
  const percent = (value: number | null, isCovered = true): Figure => ({
    value: value === null ? null : fraction(BigInt(value), 1n),
    isCovered,
  });
  const run = (values: readonly (number | null)[], isCovered = true) => {
    let state: AlertState = { kind: "quiet", number: 0 };
    return values.map((_, index) => {
      const figureAt = (at: EpochMinute) => percent(values[at] ?? null, isCovered);
      state = decideThreshold({ state, alert, minute: minute(index), figureAt }).next;
      return state.kind === "quiet" ? "-" : state.hasData ? "F" : "?";
    });
  };

  test("it fires once the condition held for its time, resolves at the first good minute, and fires again", () => {
    expect(run([5, 5, 0, 5, 5, 5, 5, 0, 5, 5, 5]).join("")).toBe("-----FF---F");
  });

  test("missing data fires nothing, and keeps what fires", () => {
    expect(run([5, 5, null, 5, 5, 5, null, null, 5, 0]).join("")).toBe("-----F??F-");
  });

  test("it does not resolve on too little data", () => {
    expect(run([5, 5, 5, 0], false).join("")).toBe("--F?");
  });

  test("fired and resolved alternate for any figures", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 3 })), { maxLength: 40 }), (values) => {
        let state: AlertState = { kind: "quiet", number: 0 };
        const seen: string[] = [];
        for (const index of values.keys()) {
          const figureAt = (at: EpochMinute) => percent(values[at] ?? null);
          const decision = decideThreshold({ state, alert, minute: minute(index), figureAt });
          if (decision.transition !== null) seen.push(decision.transition.kind);
          state = decision.next;
        }
        seen.forEach((kind, index) => expect(kind).toBe(index % 2 === 0 ? "fired" : "resolved"));
      }),
    );
  });
});
