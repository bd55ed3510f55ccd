import { expect, test } from "vitest";
import { epochMs } from "../units.ts";
import { historyMonths, monthOf } from "./history-months.ts";

const at = (instant: string) => epochMs(Date.parse(instant));

test("months run from the present one back to the oldest thing to tell, over the turn of a year", () => {
  const months = historyMonths(
    at("2026-02-10T12:00:00Z"),
    [at("2026-01-02T00:00:00Z"), at("2025-11-30T12:00:00Z")],
    "UTC",
  );
  expect(months).toEqual(["2026-02", "2026-01", "2025-12", "2025-11"]);
});

test("there is always the present month, and never more than thirteen", () => {
  expect(historyMonths(at("2026-02-10T12:00:00Z"), [], "UTC")).toEqual(["2026-02"]);
  const long = historyMonths(at("2026-02-10T12:00:00Z"), [at("2001-01-01T00:00:00Z")], "UTC");
  expect(long).toHaveLength(13);
  expect(long.at(-1)).toBe("2025-02");
});

test("a month is one of the page's zone", () => {
  expect(monthOf(at("2026-01-31T16:00:00Z"), "Asia/Seoul")).toBe("2026-02");
  expect(monthOf(at("2026-01-31T16:00:00Z"), "UTC")).toBe("2026-01");
});
