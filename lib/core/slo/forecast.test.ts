import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EpochMinute } from "../units.ts";
import type { ForecastArgs, Pace } from "./forecast.ts";
import { forecast, paceOf, simpleMinutesToExhaustion } from "./forecast.ts";
import { objectiveOfPercent } from "./objective.ts";
import type { MinuteSeries } from "./series.ts";
import { createSeries, setMinute, sumOver } from "./series.ts";

const BASE = 29_000_040;
const at = (minute: number) => (BASE + minute) as EpochMinute;
const objective = objectiveOfPercent("90");

type Minute = readonly [bad: number, total: number];
const seriesOf = (minutes: readonly Minute[]): MinuteSeries => {
  const series = createSeries(2_000);
  for (const [index, [bad, total]] of minutes.entries()) setMinute(series, at(index), { bad, total, expected: total });
  return series;
};
const rolling = (minutes: readonly Minute[], windowMinutes: number, pace: Pace): ForecastArgs => ({
  series: seriesOf(minutes),
  objective,
  window: { after: at(minutes.length - 1 - windowMinutes), until: at(minutes.length - 1), fullMinutes: windowMinutes },
  kind: "rolling",
  pace,
});

/** The formula of the specification, word by word, for a budget of one tenth. */
const consumedAhead = ({ series, window, pace }: ForecastArgs, hours: number, isBadToo: boolean): number | null => {
  const { bad, total } = sumOver(series, (window.after + hours) as EpochMinute, window.until);
  const r = pace.total / pace.minutes;
  const e = isBadToo && pace.total > 0 ? pace.bad / pace.total : 0;
  const all = total + r * hours;
  return all <= 0 ? null : (bad + e * r * hours) / (0.1 * all);
};

const minute = fc.tuple(fc.nat(3), fc.nat(6)).map(([bad, good]): Minute => [bad, bad + good]);
const paces = fc.tuple(fc.nat(3), fc.nat(12)).map(([bad, good]) => paceOf({ bad, total: bad + good }, 10));

describe("the forecast", () => {
  test("is the first minute of which the formula is true, and of no earlier one", () => {
    const property = fc.property(
      fc.array(minute, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 40 }),
      paces,
      (minutes, windowMinutes, pace) => {
        const args = rolling(minutes, windowMinutes, pace);
        const { exhaustedIn, recoveredIn } = forecast(args);
        const spent = Array.from({ length: windowMinutes + 1 }, (_, h) => consumedAhead(args, h, true));
        const quiet = Array.from({ length: windowMinutes + 1 }, (_, h) => consumedAhead(args, h, false));
        const first = (values: readonly (number | null)[], isReached: (value: number) => boolean): number | null => {
          const index = values.findIndex((value) => value !== null && isReached(value));
          return index === -1 ? null : index;
        };
        // Doubles of the plain formula may miss "exactly spent" by a hair, in either direction.
        const within = (found: number | null, low: number | null, high: number | null): boolean =>
          found === low || found === high;
        expect(
          within(
            exhaustedIn,
            first(spent, (c) => c >= 1 - 1e-9),
            first(spent, (c) => c >= 1 + 1e-9),
          ),
        ).toBe(true);
        expect(
          within(
            recoveredIn,
            first(quiet, (c) => c <= 1 + 1e-9),
            first(quiet, (c) => c <= 1 - 1e-9),
          ),
        ).toBe(true);
      },
    );
    fc.assert(property);
  });

  test("knows that old failures leave the window: what the simple forecast calls lost is not", () => {
    // 100 minutes of ten events; all eight failures lie in the first five minutes of the window.
    const minutes = Array.from({ length: 100 }, (_, index): Minute => [index < 4 ? 20 : 0, 10 + (index < 4 ? 10 : 0)]);
    const args = rolling(minutes, 100, paceOf({ bad: 5, total: 100 }, 10));
    expect(forecast(args)).toEqual({ exhaustedIn: null, recoveredIn: 0 });
    const consumed = 80 / (0.1 * 1_040);
    expect(simpleMinutesToExhaustion(1 - consumed, 100, 0.05 / 0.1)).toBeCloseTo(((1 - consumed) * 100) / 0.5, 9);
  });

  test("names the minute at which a steady burn spends the rest", () => {
    // 1,000 events without a failure, then every event fails: 10 % of 1,000 are failures after ten minutes of ten events.
    const minutes = Array.from({ length: 100 }, (): Minute => [0, 10]);
    expect(forecast(rolling(minutes, 100, paceOf({ bad: 10, total: 10 }, 1)))).toEqual({
      exhaustedIn: 10,
      recoveredIn: 0,
    });
  });

  test("names the minute at which an overspent budget is back: when the last failures leave", () => {
    const minutes = Array.from({ length: 100 }, (_, index): Minute => [index >= 50 && index < 70 ? 10 : 0, 10]);
    // 200 of 1,000 failed and 100 are allowed: ten minutes of failures must leave, which begins 50 minutes from now.
    expect(forecast(rolling(minutes, 100, paceOf({ bad: 0, total: 100 }, 10))).recoveredIn).toBe(60);
  });

  test("without events to come and without old ones there is nothing to say", () => {
    expect(forecast(rolling([[0, 0]], 10, paceOf({ bad: 0, total: 0 }, 60)))).toEqual({
      exhaustedIn: null,
      recoveredIn: null,
    });
  });

  test("a period of the calendar keeps its failures until it ends", () => {
    const minutes = Array.from({ length: 50 }, (_, index): Minute => [index < 5 ? 10 : 0, 10]);
    const args = (fullMinutes: number): ForecastArgs => ({
      ...rolling(minutes, 50, paceOf({ bad: 20, total: 100 }, 10)),
      window: { after: at(-1), until: at(49), fullMinutes },
      kind: "calendar",
    });
    // 50 of 500 are exactly the allowance already; later failures at 20 % only add to it.
    expect(forecast(args(100)).exhaustedIn).toBe(0);
    const healthy = { ...args(100), series: seriesOf(Array.from({ length: 50 }, (): Minute => [0, 10])) };
    // 2 h bad of 500 + 10 h: a tenth at h = 50, which is the end of the period.
    expect(forecast(healthy)).toEqual({ exhaustedIn: 50, recoveredIn: 0 });
    expect(forecast({ ...healthy, window: { ...healthy.window, fullMinutes: 99 } }).exhaustedIn).toBeNull();
  });

  test("refuses a pace over no time", () => {
    expect(() => forecast(rolling([[0, 1]], 10, paceOf({ bad: 0, total: 1 }, 0)))).toThrow(RangeError);
  });
});
