import { expect, test } from "vitest";
import { DAY_MS, durationMs, HOUR_MS, MINUTE_MS } from "../units.ts";
import { objectiveOfPercent } from "./objective.ts";
import { defaultPolicy, droppedPairs } from "./policy.ts";

const days = (count: number) => durationMs(count * DAY_MS);
const interval = (ms: number) => ({ intervalMs: durationMs(ms) });

test.each([
  { name: "30 days give the workbook's factors", windowDays: 30, factors: ["14.4", "6", "3", "1"] },
  {
    name: "28 days give exact factors, the last one a fraction",
    windowDays: 28,
    factors: ["13.44", "5.6", "2.8", "14/15"],
  },
])("$name", ({ windowDays, factors }) => {
  const pairs = defaultPolicy(days(windowDays), interval(30_000));
  expect(pairs.map((pair) => pair.factor)).toEqual(factors);
  expect(pairs.map((pair) => pair.id)).toEqual(["page_1h_5m", "page_6h_30m", "ticket_1d_2h", "ticket_3d_6h"]);
  expect(pairs.map((pair) => [pair.minBadLong, pair.minBadShort])).toEqual([
    [3, 3],
    [3, 3],
    [3, 2],
    [3, 2],
  ]);
  expect(pairs.every((pair) => pair.notify === null)).toBe(true);
});

test.each([
  { intervalMs: 0, guards: [0, 0, 0, 0], name: "events that do not come from probes need none" },
  { intervalMs: 50_000, guards: [3, 3, 2, 2], name: "six slots in five minutes are many" },
  { intervalMs: 51_000, guards: [2, 3, 2, 2], name: "five slots in five minutes are few" },
  { intervalMs: 5 * MINUTE_MS, guards: [2, 3, 2, 2], name: "a short window of three slots asks for two of them" },
])("the guard of the short window follows how many slots it holds: $name", ({ intervalMs, guards }) => {
  expect(defaultPolicy(days(28), interval(intervalMs)).map((pair) => pair.minBadShort)).toEqual(guards);
});

test("a slow probe gets short windows of three intervals", () => {
  const pairs = defaultPolicy(days(28), interval(5 * MINUTE_MS));
  expect(pairs.map((pair) => pair.id)).toEqual(["page_1h_15m", "page_6h_30m", "ticket_1d_2h", "ticket_3d_6h"]);
});

test("a pair whose short window would reach its long one is dropped and named", () => {
  expect(defaultPolicy(days(28), interval(HOUR_MS)).map((pair) => pair.id)).toEqual([
    "page_6h_3h",
    "ticket_1d_3h",
    "ticket_3d_6h",
  ]);
  expect(droppedPairs(days(28), interval(HOUR_MS))).toEqual([{ id: "page_1h_5m", reason: "short_not_below_long" }]);
});

test("a pair longer than the window is dropped", () => {
  expect(droppedPairs(days(1), interval(30_000))).toEqual([{ id: "ticket_3d_6h", reason: "longer_than_window" }]);
});

test("a pair that the objective can never reach is dropped", () => {
  const options = { ...interval(30_000), objective: objectiveOfPercent("90") };
  expect(droppedPairs(days(28), options)).toEqual([{ id: "page_1h_5m", reason: "never_fires" }]);
});
