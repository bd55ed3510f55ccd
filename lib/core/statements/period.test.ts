import { expect, test } from "vitest";
import { parseStatementPeriod, statementBounds } from "./period.ts";

const bounds = (label: string, timeZone: string) => {
  const period = parseStatementPeriod(label);
  if (period === null) throw new Error("no period");
  const { startsAt, endsAt } = statementBounds(period, timeZone);
  return [new Date(startsAt).toISOString(), new Date(endsAt).toISOString()];
};

test.each([
  { label: "2026-10", zone: "UTC", from: "2026-10-01T00:00:00.000Z", until: "2026-11-01T00:00:00.000Z" },
  { label: "2026-10", zone: "Asia/Seoul", from: "2026-09-30T15:00:00.000Z", until: "2026-10-31T15:00:00.000Z" },
  { label: "2026-10", zone: "Europe/Berlin", from: "2026-09-30T22:00:00.000Z", until: "2026-10-31T23:00:00.000Z" },
  { label: "2026-Q1", zone: "Europe/Berlin", from: "2025-12-31T23:00:00.000Z", until: "2026-03-31T22:00:00.000Z" },
  { label: "2026-Q4", zone: "UTC", from: "2026-10-01T00:00:00.000Z", until: "2027-01-01T00:00:00.000Z" },
])("$label in $zone is a period of its calendar", ({ label, zone, from, until }) => {
  expect(bounds(label, zone)).toEqual([from, until]);
});

test("what is neither a month nor a quarter is no period", () => {
  for (const text of ["", "2026", "2026-1", "2026-13", "2026-Q5", "2026-Q0", "26-10", "2026-10-01", "1960-10"])
    expect(parseStatementPeriod(text), text).toBeNull();
});
