import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { wallTimeAt } from "../calendar.ts";
import type { QuietHours } from "../definitions.ts";
import { addMs, DAY_MS, epochMs, HOUR_MS, MINUTE_MS } from "../units.ts";
import { quietUntil } from "./quiet-hours.ts";

const NIGHT: QuietHours = { from: "22:00", to: "07:00", timeZone: "Europe/Berlin", severities: ["ticket"] };
const at = (text: string) => epochMs(Date.parse(text));
const shown = (until: number | null) => (until === null ? null : new Date(until).toISOString());

describe("quiet hours", () => {
  test.each([
    { name: "before they begin", now: "2026-11-21T20:59:59Z", until: null },
    { name: "as they begin", now: "2026-11-21T21:00:00Z", until: "2026-11-22T06:00:00.000Z" },
    { name: "after midnight", now: "2026-11-22T00:30:00Z", until: "2026-11-22T06:00:00.000Z" },
    { name: "as they end", now: "2026-11-22T06:00:00Z", until: null },
    { name: "in the night that has an hour less", now: "2026-03-28T22:00:00Z", until: "2026-03-29T05:00:00.000Z" },
    { name: "in the night that has an hour more", now: "2026-10-24T22:00:00Z", until: "2026-10-25T06:00:00.000Z" },
  ])("$name", ({ now, until }) => {
    expect(shown(quietUntil(NIGHT, "ticket", at(now)))).toBe(until);
  });

  test("pages, events without a severity and endpoints without quiet hours never wait", () => {
    const now = at("2026-11-22T00:30:00Z");
    expect(quietUntil(NIGHT, "page", now)).toBeNull();
    expect(quietUntil(NIGHT, null, now)).toBeNull();
    expect(quietUntil(undefined, "ticket", now)).toBeNull();
    expect(quietUntil({ ...NIGHT, severities: [] }, "ticket", now)).toBeNull();
  });

  test("whatever waits goes within a day and an hour, when clocks show the end, and does not wait again", () => {
    const time = fc.integer({ min: 0, max: 1_439 }).map((minute) => {
      const two = (value: number): string => String(value).padStart(2, "0");
      return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
    });
    const zones = fc.constantFrom("UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe");
    const start = at("2026-01-01T00:00:00Z");
    fc.assert(
      fc.property(time, time, zones, fc.integer({ min: 0, max: 525_600 }), (from, to, timeZone, minute) => {
        const quiet: QuietHours = { from, to, timeZone, severities: ["ticket"] };
        const now = addMs(start, minute * MINUTE_MS);
        const until = quietUntil(quiet, "ticket", now);
        if (until === null) return;
        expect(until).toBeGreaterThan(now);
        expect(until - now).toBeLessThanOrEqual(DAY_MS + HOUR_MS);
        expect(from === to ? null : quietUntil(quiet, "ticket", until)).toBeNull();
        const clock = new Date(wallTimeAt(timeZone, until)).toISOString().slice(11, 16);
        // A time that clocks skip is moved on by what they skip.
        expect(clock >= to).toBe(true);
      }),
    );
  });
});
