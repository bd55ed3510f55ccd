import { describe, expect, test } from "vitest";
import type { ExclusionRow } from "#db/queries/exclusions.ts";
import type { SloWindow } from "#lib/core/definitions.ts";
import { DAY_MS, durationMs, epochMs, minuteOf } from "#lib/core/units.ts";
import { sampleSlo } from "#test/support/sample-config.ts";
import { SLO_NOW, sampleHours } from "#test/support/sample-slos.ts";
import { burnDownPoints } from "./burn-down.ts";
import type { SloOverviewRow } from "./dashboard.ts";
import { byWhatMattersNow } from "./dashboard.ts";

const WINDOW_MINUTES = 28 * 1_440;
const last = (minuteOf(SLO_NOW) - 1) as ReturnType<typeof minuteOf>;
const ROLLING: SloWindow = { kind: "rolling", durationMs: durationMs(28 * DAY_MS) };
const pointsOf = (
  hours: ReturnType<typeof sampleHours>,
  window: SloWindow = ROLLING,
  exclusions: readonly ExclusionRow[] = [],
) =>
  burnDownPoints({
    hours,
    slo: { id: "a", serviceId: "shop", definition: sampleSlo({ id: "a", window }) },
    exclusions,
    last,
  });

describe("the burn-down of a rolling window", () => {
  test("a clean window is untouched at every hour of it", () => {
    const points = pointsOf(sampleHours("a", []));
    expect(points).toHaveLength(672);
    expect(points.every(({ remaining }) => remaining === 1)).toBe(true);
    expect(points.at(-1)?.at).toBe(SLO_NOW);
  });

  test("an outage takes its exact share, and gives it back when it leaves the window", () => {
    const points = pointsOf(sampleHours("a", [{ from: "2026-06-20T04:00:00Z", minutes: 5, kind: "failed" }]));
    // 10 of 80,640 slots failed, and 80.64 may fail.
    expect(points[0]?.remaining).toBeCloseTo(1 - 10 / 80.64, 12);
    expect(points.at(-1)?.remaining).toBe(1);
  });

  test("what was not measured is null, not a value carried on", () => {
    const points = pointsOf(sampleHours("a", [{ from: "2026-07-12T06:00:00Z", minutes: 240, kind: "unmeasured" }]));
    const unmeasured = points.filter(({ remaining }) => remaining === null);
    expect(unmeasured.length).toBeGreaterThanOrEqual(3);
    expect(unmeasured.every(({ total, expected }) => total === 0 && expected > 0)).toBe(true);
  });

  test("the points' counts add up to the window's", () => {
    const points = pointsOf(sampleHours("a", [{ from: "2026-07-24T09:12:00Z", minutes: 14, kind: "failed" }]));
    expect(points.reduce((sum, { bad }) => sum + bad, 0)).toBe(28);
    expect(points.reduce((sum, { total }) => sum + total, 0)).toBe(2 * WINDOW_MINUTES);
  });

  test("what is excluded spends nothing, in every point that it would have been in", () => {
    const hours = sampleHours("a", [{ from: "2026-07-24T09:12:00Z", minutes: 14, kind: "failed" }]);
    const exclusion: ExclusionRow = {
      id: "exc_1",
      scope: { serviceId: "shop" },
      kind: "announced",
      startsAt: epochMs(Date.UTC(2026, 6, 24, 9)),
      endsAt: epochMs(Date.UTC(2026, 6, 24, 10)),
      reason: "moving house",
      author: "Ada",
      createdAt: epochMs(Date.UTC(2026, 6, 1)),
      approvedBy: null,
      approvedAt: null,
      revokedBy: null,
      revokedAt: null,
    };
    const points = pointsOf(hours, ROLLING, [exclusion]);
    expect(points.filter(({ remaining }) => remaining !== null).every(({ remaining }) => remaining === 1)).toBe(true);
    expect(points.reduce((sum, { total }) => sum + total, 0)).toBe(2 * (WINDOW_MINUTES - 60));
  });

  test("a young SLO is drawn by the minute, as far back as there is data", () => {
    const hours = sampleHours("a", []).slice(-2);
    const points = pointsOf(hours);
    expect(points.length).toBeGreaterThan(60);
    expect(points.length).toBeLessThanOrEqual(128);
  });

  test("without any data nothing has a value", () => {
    expect(pointsOf([]).every(({ remaining }) => remaining === null)).toBe(true);
  });
});

test("the burn-down of a month begins with the month, whole, and keeps what it spent", () => {
  const window: SloWindow = { kind: "calendar", period: "month", timeZone: "UTC", durationMs: durationMs(30 * DAY_MS) };
  const points = pointsOf(sampleHours("a", [{ from: "2026-08-03T06:00:00Z", minutes: 5, kind: "failed" }]), window);
  expect(new Date(points[0]?.at ?? 0).toISOString().slice(0, 10)).toBe("2026-08-01");
  expect(points[0]?.remaining).toBe(1);
  const total = points.reduce((sum, point) => sum + point.total, 0);
  expect(points.at(-1)?.remaining).toBeCloseTo(1 - 10 / (0.001 * total), 9);
});

describe("the order of the overview", () => {
  type Facts = { id: string; severity?: "page" | "ticket"; exhausts?: number | null; remaining?: number | null };
  const row = ({ id, severity, exhausts = null, remaining = null }: Facts): SloOverviewRow =>
    ({
      id,
      firing: severity === undefined ? [] : [{ severity, firedAt: epochMs(0) }],
      reading: remaining === null ? null : { budget: { minutesToExhaustion: exhausts, remaining } },
    }) as unknown as SloOverviewRow;

  test("a page comes before a ticket, then what exhausts soonest, then the least budget, then the unknown", () => {
    const rows = [
      row({ id: "unknown" }),
      row({ id: "calm", remaining: 0.9 }),
      row({ id: "spent", remaining: -0.2 }),
      row({ id: "soon", remaining: 0.5, exhausts: 30 }),
      row({ id: "ticket", remaining: 0.8, severity: "ticket" }),
      row({ id: "page", remaining: 0.7, severity: "page" }),
    ];
    expect(rows.sort(byWhatMattersNow).map(({ id }) => id)).toEqual([
      "page",
      "ticket",
      "soon",
      "spent",
      "calm",
      "unknown",
    ]);
  });
});
