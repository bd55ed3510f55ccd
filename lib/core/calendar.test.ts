import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  calendarWindowAt,
  instantOfWallTime,
  isTimeZone,
  parseCalendarDuration,
  parseWallTime,
  wallTimeAt,
} from "./calendar.ts";
import { addMs, epochMs, HOUR_MS, MINUTE_MS } from "./units.ts";

type Row = {
  timeZone: string;
  duration: string;
  startTime: string;
  instant: string;
  index: number;
  window_start: string;
  window_end: string;
  length_minutes: number;
};
const sampleUrl = new URL("../../test/fixtures/slo-cases/calendar_windows_sample.json", import.meta.url);
const { windows } = JSON.parse(readFileSync(sampleUrl, "utf8")) as { windows: Row[] };

const due = <T>(value: T | null): T => {
  if (value === null) throw new Error("the test's own input is wrong");
  return value;
};
const instant = (text: string) => epochMs(Date.parse(text));
const wall = (text: string) => due(parseWallTime(text));
const ZONES = ["UTC", "Asia/Seoul", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kolkata"];

test.each(windows)("$timeZone $duration from $startTime holds $instant in window $index", (row) => {
  const window = calendarWindowAt({
    timeZone: row.timeZone,
    duration: due(parseCalendarDuration(row.duration)),
    anchor: wall(row.startTime),
    at: instant(row.instant),
  });
  expect(window).toEqual({ index: row.index, startsAt: instant(row.window_start), endsAt: instant(row.window_end) });
  expect((window.endsAt - window.startsAt) / MINUTE_MS).toBe(row.length_minutes);
});

describe("wall times become instants", () => {
  test("one that clocks skip moves forward by the gap", () => {
    expect(instantOfWallTime("Europe/Berlin", wall("2026-03-29 02:30:00"))).toBe(instant("2026-03-29T01:30:00Z"));
    expect(instantOfWallTime("Australia/Lord_Howe", wall("2026-10-04 02:15:00"))).toBe(instant("2026-10-03T15:45:00Z"));
    expect(instantOfWallTime("Pacific/Apia", wall("2011-12-30 12:00:00"))).toBe(instant("2011-12-30T22:00:00Z"));
  });

  test("one that clocks show twice is the first instant", () => {
    expect(instantOfWallTime("Europe/Berlin", wall("2026-10-25 02:30:00"))).toBe(instant("2026-10-25T00:30:00Z"));
    expect(instantOfWallTime("America/New_York", wall("2026-11-01 01:30:00"))).toBe(instant("2026-11-01T05:30:00Z"));
  });
});

test.each(["2025-02-30 00:00:00", "2025-01-01T00:00:00", "2025-13-01 00:00:00", "2025-01-01 24:00:00", ""])(
  "%o is no wall time",
  (text) => {
    expect(parseWallTime(text)).toBeNull();
  },
);

test.each(["0d", "1s", "M", "1.5d", "-1d", "1 d"])("%o is no calendar duration", (text) => {
  expect(parseCalendarDuration(text)).toBeNull();
});

test("unknown zones are refused", () => {
  expect(isTimeZone("Mars/Olympus")).toBe(false);
  expect(isTimeZone("+09:00")).toBe(false);
  expect(isTimeZone("Asia/Seoul")).toBe(true);
});

test("windows follow one another without gap or overlap and hold their instant", () => {
  const duration = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom("m", "h", "d", "w", "M", "Q", "Y"));
  fc.assert(
    fc.property(
      fc.constantFrom(...ZONES),
      duration,
      fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2037, 0, 1) }),
      fc.integer({ min: Date.UTC(2010, 0, 1), max: Date.UTC(2030, 0, 1) }),
      (timeZone, [count, unit], at, anchorMs) => {
        const anchor = Math.floor(anchorMs / 1_000) * 1_000;
        const args = { timeZone, duration: due(parseCalendarDuration(`${count}${unit}`)), anchor };
        const window = calendarWindowAt({ ...args, at: epochMs(at) });
        expect(window.startsAt <= at && at < window.endsAt).toBe(true);
        const next = calendarWindowAt({ ...args, at: window.endsAt });
        expect(next.startsAt).toBe(window.endsAt);
        expect(next.index).toBe(window.index + 1);
      },
    ),
    { numRuns: 300 },
  );
});

test("a wall time that exists comes back from its instant", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...ZONES),
      fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2037, 0, 1) }),
      (timeZone, ms) => {
        const at = epochMs(Math.floor(ms / 1_000) * 1_000);
        const back = instantOfWallTime(timeZone, wallTimeAt(timeZone, at));
        // The second showing of an ambiguous time gives the first one.
        expect([0, -HOUR_MS, -HOUR_MS / 2]).toContain(back - at);
        expect(wallTimeAt(timeZone, back)).toBe(wallTimeAt(timeZone, addMs(at, 0)));
      },
    ),
    { numRuns: 500 },
  );
});
