import { expect, test } from "vitest";
import { readRule } from "#lib/core/maintenance/rule.ts";
import { epochMs } from "#lib/core/units.ts";
import { expandStarts } from "./expand.ts";

const at = (text: string) => epochMs(Date.parse(text));
const starts = (rrule: string, args: { start: string; timeZone: string; from: string; until: string; most?: number }) =>
  expandStarts(
    { startsAt: at(args.start), rrule, timeZone: args.timeZone },
    { from: at(args.from), until: at(args.until), most: args.most ?? 100 },
  ).map((start) => new Date(start).toISOString());

test("occurrences keep their wall-clock time over a change of the clocks", () => {
  const autumn = { timeZone: "Europe/Berlin", start: "2026-10-18T01:00:00Z" };
  expect(starts("FREQ=WEEKLY", { ...autumn, from: "2026-10-18T00:00:00Z", until: "2026-11-02T00:00:00Z" })).toEqual([
    "2026-10-18T01:00:00.000Z",
    "2026-10-25T02:00:00.000Z",
    "2026-11-01T02:00:00.000Z",
  ]);
});

test("a time that the clocks show twice happens the first time, one that they skip not at all", () => {
  const berlin = { timeZone: "Europe/Berlin" };
  const twice = {
    ...berlin,
    start: "2026-10-24T00:30:00Z",
    from: "2026-10-24T00:00:00Z",
    until: "2026-10-27T00:00:00Z",
  };
  expect(starts("FREQ=DAILY", twice)).toEqual([
    "2026-10-24T00:30:00.000Z",
    "2026-10-25T00:30:00.000Z",
    "2026-10-26T01:30:00.000Z",
  ]);
  const skipped = {
    ...berlin,
    start: "2026-03-28T01:30:00Z",
    from: "2026-03-28T00:00:00Z",
    until: "2026-03-31T00:00:00Z",
  };
  expect(starts("FREQ=DAILY", skipped)).toEqual(["2026-03-28T01:30:00.000Z", "2026-03-30T00:30:00.000Z"]);
});

test("pieces of a span give what the whole gives, and a count is counted from the first", () => {
  const whole = { timeZone: "Asia/Seoul", start: "2026-01-01T00:00:00Z" };
  const all = starts("FREQ=DAILY;INTERVAL=3;COUNT=12", {
    ...whole,
    from: "2026-01-01T00:00:00Z",
    until: "2026-03-01T00:00:00Z",
  });
  expect(all).toHaveLength(12);
  const cut = "2026-01-19T00:00:00Z";
  const rule = "FREQ=DAILY;INTERVAL=3;COUNT=12";
  expect([
    ...starts(rule, { ...whole, from: "2026-01-01T00:00:00Z", until: cut }),
    ...starts(rule, { ...whole, from: cut, until: "2026-03-01T00:00:00Z" }),
  ]).toEqual(all);
});

test("a rule that never comes true ends, and one that comes too often is refused", () => {
  const span = {
    timeZone: "UTC",
    start: "2026-01-01T00:00:00Z",
    from: "2026-01-01T00:00:00Z",
    until: "2026-02-05T00:00:00Z",
  };
  expect(starts("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", span)).toEqual([]);
  expect(() => starts("FREQ=HOURLY", { ...span, most: 50 })).toThrow("more than 50");
});

test("a rule is taken in one form only", () => {
  expect(readRule(" rrule:freq=weekly;byday=su ")).toBe("FREQ=WEEKLY;BYDAY=SU");
  for (const rule of ["", "FREQ=MINUTELY", "BYDAY=SU", "FREQ=DAILY;FREQ=DAILY", "FREQ=DAILY\nRDATE:20260101T000000Z"])
    expect(() => readRule(rule), rule).toThrow("rrule");
});
