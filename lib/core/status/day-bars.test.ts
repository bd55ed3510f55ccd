import fc from "fast-check";
import { expect, test } from "vitest";
import { addMs, DAY_MS, epochMs, HOUR_MS } from "../units.ts";
import { dayBars } from "./day-bars.ts";
import { lastLocalDays, localDate, startOfLocalDay } from "./local-days.ts";
import { STATES_BY_SEVERITY } from "./severity.ts";

const at = (text: string) => epochMs(Date.parse(text));

test.each([
  { name: "an ordinary day", date: "2026-03-01", zone: "Europe/Berlin", due: "2026-02-28T23:00:00Z" },
  { name: "UTC", date: "2026-03-01", zone: "Etc/UTC", due: "2026-03-01T00:00:00Z" },
  { name: "half an hour off", date: "2026-03-01", zone: "Asia/Kolkata", due: "2026-02-28T18:30:00Z" },
  {
    name: "a midnight that is skipped begins after the skip",
    date: "2018-11-04",
    zone: "America/Sao_Paulo",
    due: "2018-11-04T03:00:00Z",
  },
  {
    name: "a midnight that comes twice is the first",
    date: "2026-11-01",
    zone: "America/Havana",
    due: "2026-11-01T04:00:00Z",
  },
  { name: "a day that was left out", date: "2011-12-30", zone: "Pacific/Apia", due: "2011-12-30T10:00:00Z" },
])("$name", ({ date, zone, due }) => {
  expect(startOfLocalDay(date, zone)).toBe(Date.parse(due));
});

test("a day of the change of clocks has 23 or 25 hours", () => {
  const hours = (now: string, zone: string) => {
    const [day] = lastLocalDays(at(now), 1, zone);
    return day === undefined ? 0 : (day.until - day.from) / HOUR_MS;
  };
  expect(hours("2026-03-29T12:00:00Z", "Europe/Berlin")).toBe(23);
  expect(hours("2026-10-25T12:00:00Z", "Europe/Berlin")).toBe(25);
  expect(hours("2026-10-24T12:00:00Z", "Europe/Berlin")).toBe(24);
});

const ZONES = [
  "Etc/UTC",
  "Asia/Seoul",
  "America/New_York",
  "Europe/Berlin",
  "Australia/Lord_Howe",
  "America/Havana",
  "Africa/Cairo",
  "Asia/Kathmandu",
];
test("the last days follow each other without gap or overlap, and the last one holds now", () => {
  const moments = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2028, 0, 1) });
  fc.assert(
    fc.property(moments, fc.constantFrom(...ZONES), (ms, zone) => {
      const now = epochMs(ms);
      const days = lastLocalDays(now, 90, zone);
      expect(days).toHaveLength(90);
      expect(new Set(days.map((day) => day.date)).size).toBe(90);
      days.forEach((day, index) => {
        expect(day.until).toBeGreaterThan(day.from);
        if (index > 0) expect(day.from).toBe(days[index - 1]?.until);
        expect(localDate(day.from, zone)).toBe(day.date);
      });
      const last = days.at(-1);
      expect(last?.date).toBe(localDate(now, zone));
      expect(last !== undefined && last.from <= now && now < last.until).toBe(true);
    }),
    { numRuns: 60 },
  );
});

const DAYS = lastLocalDays(at("2026-11-21T12:00:00Z"), 3, "Etc/UTC");

test("a day is as bad as its worst known state, and time that nobody watched is unknown or left out", () => {
  const changes = [
    { since: at("2026-11-20T06:00:00Z"), state: "operational" },
    { since: at("2026-11-20T07:00:00Z"), state: "partial_outage" },
    { since: at("2026-11-20T07:30:00Z"), state: "unknown" },
    { since: at("2026-11-20T23:00:00Z"), state: "operational" },
  ] as const;
  expect(dayBars(changes, at("2026-11-21T12:00:00Z"), DAYS)).toEqual([
    { date: "2026-11-19", worst: "unknown", seconds: {} },
    {
      date: "2026-11-20",
      worst: "partial_outage",
      seconds: { operational: 7_200, partial_outage: 1_800, unknown: 55_800 },
    },
    { date: "2026-11-21", worst: "operational", seconds: { operational: 43_200 } },
  ]);
});

test("a day that was watched in vain is unknown", () => {
  const changes = [{ since: at("2026-11-19T00:00:00Z"), state: "unknown" }] as const;
  expect(dayBars(changes, at("2026-11-20T00:00:00Z"), DAYS).map((day) => [day.worst, day.seconds])).toEqual([
    ["unknown", { unknown: 86_400 }],
    ["unknown", {}],
    ["unknown", {}],
  ]);
});

test("the seconds of all days sum to the time that was watched", () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: DAY_MS }), fc.constantFrom(...STATES_BY_SEVERITY)), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 2 * DAY_MS }), (list, extra) => {
      let since = addMs(DAYS[0]?.from ?? epochMs(0), -DAY_MS);
      const changes = list.map(([step, state]) => {
        since = addMs(since, step);
        return { since, state };
      });
      const knownUntil = addMs(since, extra);
      const total = dayBars(changes, knownUntil, DAYS)
        .flatMap((day) => Object.values(day.seconds))
        .reduce((sum, one) => sum + one, 0);
      const from = Math.max(changes[0]?.since ?? 0, DAYS[0]?.from ?? 0);
      const until = Math.min(knownUntil, DAYS.at(-1)?.until ?? 0);
      expect(total).toBeCloseTo(Math.max(0, until - from) / 1_000, 3);
    }),
  );
});
