import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { epochMs } from "../units.ts";
import { calendarText, foldLine } from "./calendar.ts";
import { zoneLines } from "./zone-rules.ts";

test("a folded line unfolds to itself, and no line of it is longer than 75 octets", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 400 }), (text) => {
      const line = text.replaceAll(/[\r\n]/g, "");
      const folded = foldLine(line);
      expect(folded.replaceAll("\r\n ", "")).toBe(line);
      for (const part of folded.split("\r\n")) expect(Buffer.byteLength(part)).toBeLessThanOrEqual(75);
    }),
  );
});

test("a text keeps nothing that means something to a calendar", () => {
  expect(calendarText("a;b,c\\d\r\ne\nf\rg\u0000")).toBe("a\\;b\\,c\\\\d\\ne\\nf\\ng");
});

describe("VTIMEZONE", () => {
  const linesOf = (zone: string) => zoneLines(zone, epochMs(Date.UTC(2026, 5, 1)));

  test("has a yearly rule for each change of the clocks where one holds", () => {
    expect(linesOf("Europe/Berlin").filter((line) => line.startsWith("RRULE"))).toEqual([
      "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
      "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    ]);
    expect(linesOf("America/New_York").filter((line) => line.startsWith("RRULE"))).toEqual([
      "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU",
      "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU",
    ]);
  });

  test("is one offset where clocks never change, and a list where they follow no such rule", () => {
    expect(linesOf("Asia/Seoul").filter((line) => line.startsWith("TZOFFSETTO"))).toEqual(["TZOFFSETTO:+0900"]);
    const casablanca = linesOf("Africa/Casablanca");
    expect(casablanca.some((line) => line.startsWith("RRULE"))).toBe(false);
    expect(casablanca.filter((line) => line.startsWith("BEGIN:")).length).toBeGreaterThan(5);
  });
});
