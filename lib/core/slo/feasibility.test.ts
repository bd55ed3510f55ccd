import { describe, expect, test } from "vitest";
import { pageAtFailure } from "../backtest/simulate.ts";
import type { SloDefinition } from "../slo-definitions.ts";
import { DAY_MS, durationMs, MINUTE_MS } from "../units.ts";
import { feasibilityOf, USUAL_FLAKE_RATE } from "./feasibility.ts";
import { objectiveOfPercent } from "./objective.ts";
import { defaultPolicy } from "./policy.ts";
import { compilePair } from "./reading.ts";

const WINDOW = { kind: "rolling", durationMs: durationMs(28 * DAY_MS) } as const;
type Ask = Partial<Omit<SloDefinition, "locations" | "probes">> & { interval?: number; locations?: number };
const found = ({ interval = 30_000, locations = 1, objective = "99.9", ...rest }: Ask = {}) => {
  const intervalMs = durationMs(interval);
  const burnRateAlerts = defaultPolicy(WINDOW.durationMs, { intervalMs, objective: objectiveOfPercent(objective) });
  return feasibilityOf({
    definition: { sli: { kind: "availability" }, objective, window: WINDOW, burnRateAlerts, ...rest },
    probes: [{ intervalMs, locations }],
  });
};

describe("feasibility", () => {
  test("a probe every five minutes: three failures, ten minutes, and when it forgets", () => {
    const slo = found({ interval: 5 * MINUTE_MS });
    expect(slo).toMatchObject({
      pageFailuresNeeded: 3,
      pageAfterMinutes: 10,
      locations: 1,
      badShare: USUAL_FLAKE_RATE,
    });
    expect(slo?.pairs[0]).toMatchObject({
      pairId: "page_1h_15m",
      longEvents: 12,
      shortEvents: 3,
      failuresNeeded: 3,
      isPossible: true,
      // Of three bad slots two are enough, so two good ones must come.
      resetMinutes: 10,
    });
  });

  test("detection is told for shares of failing checks, and a share below the budget's burn is never found", () => {
    const page = found({})?.pairs[0];
    // 13.44 x 0.1 % of 120 slots are passed by the second bad one; the guards ask for three.
    expect(page?.detectionMinutes).toEqual({ "100": 1, "50": 2, "5": null, "1": null, "0.1": null });
    const ticket = found({})?.pairs.at(-1);
    // 14/15 of 0.1 % of 8,640 slots: the ninth bad one; at 5 % that is the 161st slot. At 0.1 % the short window never has two.
    expect(ticket?.detectionMinutes).toEqual({ "100": 4, "50": 8, "5": 80, "1": 400, "0.1": null });
  });

  test.each([
    [30_000, "99.9"],
    [60_000, "99.5"],
    [5 * MINUTE_MS, "99.9"],
    [20 * MINUTE_MS, "99"],
  ])("the failures until a page are those that the live alert needs: every %i ms at %s %%", (intervalMs, objective) => {
    const exact = objectiveOfPercent(objective);
    const interval = durationMs(intervalMs);
    const pairs = defaultPolicy(WINDOW.durationMs, { intervalMs: interval, objective: exact });
    const needed = found({ interval: intervalMs, objective })?.pageFailuresNeeded;
    const seen = ["a", "b", "c", "d", "e", "f"].map((id) =>
      pageAtFailure({
        probe: { id, intervalMs: interval },
        pairs: pairs.map((pair) => compilePair(pair, exact)),
        failures: 200,
      }),
    );
    // Complete minutes are judged, so one minute may hold the needed failure and the next.
    const perMinute = Math.max(1, Math.round(MINUTE_MS / intervalMs));
    for (const count of seen) {
      expect(count).toBeGreaterThanOrEqual(needed ?? Number.NaN);
      expect(count).toBeLessThan((needed ?? 0) + perMinute);
    }
  });

  test("more locations make pages by chance rarer, and counting runs does not", () => {
    const [one, three, runs] = [found({}), found({ locations: 3 }), found({ locations: 3, count: "runs" })];
    expect(three?.badShare).toBeCloseTo(3e-6, 7);
    expect(three?.falsePagesIn30d ?? 1).toBeLessThan((one?.falsePagesIn30d ?? 0) / 100);
    expect(runs).toMatchObject({ badShare: USUAL_FLAKE_RATE });
    expect(runs?.spacingMs).toBeCloseTo(10_000, 9);
  });

  test("a slice is bad when more of its slots fail than its target allows", () => {
    const slices = found({
      sli: {
        kind: "timeslice",
        base: { kind: "availability" },
        sliceMs: durationMs(5 * MINUTE_MS),
        target: "90",
        noData: "ignore",
      },
    });
    // More than one of ten slots: 45 pairs of them, nearly.
    expect(slices?.badShare).toBeCloseTo(45e-6, 6);
    expect(slices?.spacingMs).toBe(5 * MINUTE_MS);
  });

  test("a pair that its guard makes impossible is told", () => {
    const [pair] = defaultPolicy(WINDOW.durationMs, { intervalMs: durationMs(300_000) });
    const slo = found({ interval: 300_000, burnRateAlerts: pair === undefined ? [] : [{ ...pair, minBadShort: 4 }] });
    expect(slo?.pairs[0]).toMatchObject({ isPossible: false, resetMinutes: null, falseAlertsIn30d: 0 });
    expect(slo).toMatchObject({ pageFailuresNeeded: null, pageAfterMinutes: null });
  });

  test("events that do not come from probes have no schedule to judge", () => {
    const source = { url: "https://prometheus.example", headers: {}, auth: null };
    expect(found({ sli: { kind: "promql", source, good: "up", total: "up" } })).toBeNull();
  });
});
