import { expect, test } from "vitest";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import { beatScheduleOf } from "./cron-schedule.ts";

const lastDue = (expression: string, timeZone: string) => {
  const schedule = beatScheduleOf({ kind: "cron", expression, timeZone });
  if (schedule.kind !== "cron") throw new Error("not by cron");
  return (instant: string): string | null => {
    const due = schedule.lastDueAt(epochMs(Date.parse(instant)) as EpochMs);
    return due === null ? null : new Date(due).toISOString();
  };
};

test("an instant itself is due, and the one before it a millisecond earlier", () => {
  const nightly = lastDue("0 3 * * *", "Asia/Seoul");
  expect(nightly("2026-11-20T18:00:00.000Z")).toBe("2026-11-20T18:00:00.000Z");
  expect(nightly("2026-11-20T18:00:00.999Z")).toBe("2026-11-20T18:00:00.000Z");
  expect(nightly("2026-11-20T17:59:59.999Z")).toBe("2026-11-19T18:00:00.000Z");
});

test("follows the clocks of its zone, and comes once on the nights on which they change", () => {
  const nightly = lastDue("30 2 * * *", "Europe/Berlin");
  expect(nightly("2026-03-28T12:00:00Z")).toBe("2026-03-28T01:30:00.000Z");
  expect(nightly("2026-03-29T12:00:00Z")).toBe("2026-03-29T01:00:00.000Z");
  expect(nightly("2026-10-25T12:00:00Z")).toBe("2026-10-25T00:30:00.000Z");
  expect(nightly("2026-10-26T12:00:00Z")).toBe("2026-10-26T01:30:00.000Z");
});

test("takes seconds, and days that do not come each year", () => {
  expect(lastDue("*/10 * * * * *", "UTC")("2026-11-20T18:00:15.500Z")).toBe("2026-11-20T18:00:10.000Z");
  expect(lastDue("0 0 29 2 *", "UTC")("2026-11-20T18:00:00Z")).toBe("2024-02-29T00:00:00.000Z");
});
