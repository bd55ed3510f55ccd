import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ProbeHistory, RunMeasure } from "./bucket.ts";
import { bucketsOf, expectedRunsIn, slotCountsOf } from "./bucket.ts";
import { bucketIndexOf } from "./histogram.ts";
import type { OutcomeClass } from "./outcome.ts";
import { OUTCOME_CLASSES } from "./outcome.ts";
import { nextSlotAt } from "./schedule.ts";
import type { EpochMinute, EpochMs } from "./units.ts";
import { addMs, durationMs, durationUs, MINUTE_MS, minuteOf, startOfMinute } from "./units.ts";

const MINUTE = 29_000_000 as EpochMinute;
const START = startOfMinute(MINUTE);
const minuteAfter = (count: number) => (MINUTE + count) as EpochMinute;
const availability = { kind: "availability" } as const;
const interval = durationMs(20_000);
const span = (minutes: number) => ({ from: MINUTE, until: minuteAfter(minutes) });

const history = (locationNos: number[], overrides: Partial<ProbeHistory> = {}): ProbeHistory => ({
  probeNo: 7,
  probeId: "home",
  spans: [{ intervalMs: interval, locationNos, activeFrom: addMs(START, -60 * MINUTE_MS), activeUntil: null }],
  firstRunAt: new Map(locationNos.map((no) => [no, addMs(START, -30 * MINUTE_MS)])),
  ...overrides,
});
const slot = (index: number): EpochMs => addMs(nextSlotAt("home", interval, START), index * interval);
const run = (index: number, outcome: OutcomeClass, locationNo = 1, ms = 100): RunMeasure => ({
  locationNo,
  scheduledAt: slot(index),
  class: outcome,
  durationUs: durationUs(ms * 1_000),
  httpStatus: outcome === "ok" ? 200 : null,
  bytesRead: 10,
});

describe("buckets", () => {
  test("count good, bad and unvoted runs and sum the time of good ones", () => {
    const runs = [run(0, "ok"), run(1, "timeout"), run(2, "internal_error", 1, 900)];
    const [bucket] = bucketsOf(history([1]), runs, span(1));
    expect(bucket).toEqual({
      minute: MINUTE,
      probeNo: 7,
      locationNo: 1,
      expected: 3,
      total: 3,
      good: 1,
      bad: 1,
      unvoted: 1,
      durationSumUs: 100_000,
      bytesRead: 30,
      byClass: new Map([
        ["ok", 1],
        ["timeout", 1],
        ["internal_error", 1],
      ]),
      byStatus: { "2xx": 1, "3xx": 0, "4xx": 0, "5xx": 0, "401_403": 0, "429": 0 },
      histogram: new Map([[bucketIndexOf(100_000), 1]]),
    });
  });

  test("families of status codes do not overlap, and codes of none are in none", () => {
    const statuses = [200, 204, 301, 400, 404, 401, 403, 429, 500, 599, 101, 600, null];
    const runs = statuses.map((httpStatus, index) => ({
      ...run(index, "bad_status"),
      scheduledAt: slot(0),
      httpStatus,
    }));
    expect(bucketsOf(history([1]), runs, span(1))[0]?.byStatus).toEqual({
      "2xx": 2,
      "3xx": 1,
      "4xx": 2,
      "5xx": 2,
      "401_403": 2,
      "429": 1,
    });
  });

  test("from intervals of 30 s on a minute has no histogram of its own", () => {
    const spans = [
      { intervalMs: durationMs(30_000), locationNos: [1], activeFrom: addMs(START, -MINUTE_MS), activeUntil: null },
    ];
    expect(bucketsOf(history([1], { spans }), [run(0, "ok")], span(1))[0]).toMatchObject({ good: 1, histogram: null });
    expect(bucketsOf(history([1]), [run(0, "timeout")], span(1))[0]?.histogram).toBeNull();
  });

  test("a minute without any run is there with what was expected of it", () => {
    const buckets = bucketsOf(history([1, 2]), [], span(2));
    expect(buckets).toHaveLength(4);
    expect(buckets.every((bucket) => bucket.expected === 3 && bucket.total === 0)).toBe(true);
  });

  test("nothing is expected before the first run", () => {
    const probe = history([1], { firstRunAt: new Map([[1, slot(4)]]) });
    const buckets = bucketsOf(probe, [run(4, "ok"), run(5, "ok")], span(3));
    expect(buckets.map(({ minute, expected }) => [minute - MINUTE, expected])).toEqual([
      [1, 2],
      [2, 3],
    ]);
  });

  test("nothing is expected after a probe was removed, but runs that came are kept", () => {
    const spans = [
      { intervalMs: interval, locationNos: [1], activeFrom: addMs(START, -MINUTE_MS), activeUntil: slot(2) },
    ];
    const buckets = bucketsOf(history([1], { spans }), [run(0, "ok"), run(1, "ok"), run(3, "ok")], span(3));
    expect(buckets.map(({ minute, expected, total }) => [minute - MINUTE, expected, total])).toEqual([
      [0, 2, 2],
      [1, 0, 1],
    ]);
  });

  test("a change of the interval counts each part by its own beat", () => {
    const changedAt = addMs(START, 30_000);
    const spans = [
      {
        intervalMs: durationMs(10_000),
        locationNos: [1],
        activeFrom: addMs(START, -MINUTE_MS),
        activeUntil: changedAt,
      },
      { intervalMs: durationMs(1_000), locationNos: [1], activeFrom: changedAt, activeUntil: null },
    ];
    expect(bucketsOf(history([1], { spans }), [], span(1))[0]?.expected).toBe(33);
  });

  test("a probe slower than a minute still has one bucket a minute", () => {
    const spans = [
      { intervalMs: durationMs(300_000), locationNos: [1], activeFrom: addMs(START, -MINUTE_MS), activeUntil: null },
    ];
    const buckets = bucketsOf(history([1], { spans }), [], span(10));
    expect(buckets).toHaveLength(10);
    expect(buckets.reduce((sum, bucket) => sum + bucket.expected, 0)).toBe(2);
  });
});

describe("slots", () => {
  const countsAt = (probe: ProbeHistory, runs: RunMeasure[], sli: Parameters<typeof slotCountsOf>[2] = availability) =>
    slotCountsOf(probe, runs, sli, span(1)).get(MINUTE);

  test("with one location a slot is its run", () => {
    expect(countsAt(history([1]), [run(0, "ok"), run(1, "bad_status"), run(2, "skipped")])).toEqual({
      good: 1,
      total: 2,
      expected: 3,
    });
  });

  test("with three locations the majority decides, and one reporter alone decides nothing", () => {
    const runs = [
      run(0, "ok", 1),
      run(0, "ok", 2),
      run(0, "timeout", 3),
      run(1, "timeout", 1),
      run(1, "timeout", 2),
      run(2, "timeout", 1),
    ];
    expect(countsAt(history([1, 2, 3]), runs)).toEqual({ good: 1, total: 2, expected: 3 });
  });

  test("two locations that disagree decide nothing", () => {
    expect(countsAt(history([1, 2]), [run(0, "ok", 1), run(0, "timeout", 2)])).toEqual({
      good: 0,
      total: 0,
      expected: 3,
    });
  });

  test("a latency SLI counts answered slots only", () => {
    const sli = { kind: "latency", thresholdMs: durationMs(200) } as const;
    const runs = [run(0, "ok", 1, 200), run(1, "slow", 1, 201), run(2, "timeout", 1, 5_000)];
    expect(countsAt(history([1]), runs, sli)).toEqual({ good: 1, total: 2, expected: 3 });
  });

  test("runs of a location that is not configured have no vote", () => {
    expect(countsAt(history([1]), [run(0, "ok", 1), run(0, "timeout", 9)])).toEqual({ good: 1, total: 1, expected: 3 });
  });

  test("slots are expected from the first run of any location on", () => {
    const probe = history([1, 2], { firstRunAt: new Map([[2, slot(1)]]) });
    expect(countsAt(probe, [])).toEqual({ good: 0, total: 0, expected: 2 });
    expect(expectedRunsIn(probe, MINUTE)).toBe(2);
  });
});

const facts = fc.array(
  fc
    .record({
      index: fc.nat(8),
      class: fc.constantFrom(...OUTCOME_CLASSES),
      locationNo: fc.integer({ min: 1, max: 3 }),
      ms: fc.nat(500),
    })
    .map((one) => run(one.index, one.class, one.locationNo, one.ms)),
  { maxLength: 40 },
);

test("the order of runs changes neither buckets nor slots", () => {
  const byKey = (list: ReturnType<typeof bucketsOf>) =>
    [...list].sort((a, b) => a.minute - b.minute || a.locationNo - b.locationNo);
  fc.assert(
    fc.property(facts, (runs) => {
      const probe = history([1, 2, 3]);
      const reversed = [...runs].reverse();
      expect(byKey(bucketsOf(probe, runs, span(3)))).toEqual(byKey(bucketsOf(probe, reversed, span(3))));
      expect(slotCountsOf(probe, runs, availability, span(3))).toEqual(
        slotCountsOf(probe, reversed, availability, span(3)),
      );
    }),
  );
});

test("every run is in exactly one bucket and every bucket adds up", () => {
  fc.assert(
    fc.property(facts, (runs) => {
      const buckets = bucketsOf(history([1, 2, 3]), runs, span(3));
      const inside = runs.filter((one) => minuteOf(one.scheduledAt) < minuteAfter(3));
      expect(buckets.reduce((sum, bucket) => sum + bucket.total, 0)).toBe(inside.length);
      for (const { good, bad, unvoted, total } of buckets) expect(good + bad + unvoted).toBe(total);
    }),
  );
});
