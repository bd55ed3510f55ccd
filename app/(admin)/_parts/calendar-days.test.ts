import { describe, expect, test } from "vitest";
import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import { epochMs } from "#lib/core/units.ts";
import { monthOf, monthsLater, weeksOf } from "./calendar-days.ts";

const at = (text: string) => epochMs(Date.parse(text));
const work = (startsAt: string, endsAt: string): MaintenanceResource =>
  ({ id: "mnt_1", occurrences: [{ startsAt, endsAt, state: "scheduled" }] }) as unknown as MaintenanceResource;

const daysWith = (month: string, timeZone: string, one: MaintenanceResource): string[] =>
  weeksOf(month, [one], { timeZone, now: at("2026-11-22T00:00:00Z") })
    .flat()
    .filter(({ planned }) => planned.length > 0)
    .map(({ date }) => date);

describe("a month of planned work", () => {
  test("has whole weeks from Monday on and every day of the month once", () => {
    for (let count = -30; count < 30; count += 1) {
      const month = monthsLater("2026-11", count);
      const weeks = weeksOf(month, [], { timeZone: "Asia/Seoul", now: at("2026-11-22T00:00:00Z") });
      const days = weeks.flat();
      expect(weeks.every((week) => week.length === 7)).toBe(true);
      expect(new Date(days[0]?.date ?? "").getUTCDay()).toBe(1);
      const own = days.filter(({ isOfMonth }) => isOfMonth).map(({ date }) => date);
      expect(own[0]).toBe(`${month}-01`);
      expect(own.every((date) => date.startsWith(month))).toBe(true);
      expect(monthsLater(month, 1) > month).toBe(true);
    }
  });

  test("shows work on the days that it touches on the clocks of the reader", () => {
    const one = work("2026-11-10T22:00:00Z", "2026-11-11T02:00:00Z");
    expect(daysWith("2026-11", "UTC", one)).toEqual(["2026-11-10", "2026-11-11"]);
    expect(daysWith("2026-11", "Asia/Seoul", one)).toEqual(["2026-11-11"]);
  });

  test("does not show work that ends at midnight on the day after, nor twice when clocks change", () => {
    expect(daysWith("2026-11", "UTC", work("2026-11-10T22:00:00Z", "2026-11-11T00:00:00Z"))).toEqual(["2026-11-10"]);
    expect(daysWith("2026-10", "Europe/Berlin", work("2026-10-24T22:30:00Z", "2026-10-25T22:30:00Z"))).toEqual([
      "2026-10-25",
    ]);
  });

  test("is the one of the address, else the reader's own", () => {
    const late = at("2026-11-30T20:00:00Z");
    expect(monthOf("2027-02", "UTC", late)).toBe("2027-02");
    expect(monthOf("2027-13", "Asia/Seoul", late)).toBe("2026-12");
    expect(monthOf(undefined, "America/New_York", late)).toBe("2026-11");
  });
});
