import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextSlotAt, phaseOf } from "../schedule.ts";
import { addMs, durationMs, epochMs, HOUR_MS, MINUTE_MS, SECOND_MS } from "../units.ts";
import type { DueProbe } from "./data-as-of.ts";
import { dataAsOf } from "./data-as-of.ts";

const T0 = epochMs(Date.UTC(2026, 10, 22, 12));
const probe = (id: string, intervalMs: number, timeoutMs = 5_000, since = T0 - 10 * HOUR_MS): DueProbe => ({
  id,
  intervalMs: durationMs(intervalMs),
  timeoutMs: durationMs(timeoutMs),
  since: epochMs(since),
});
const slotOf = ({ id, intervalMs }: DueProbe, from: number) => nextSlotAt(id, intervalMs, epochMs(from));

describe("the data is as of", () => {
  const home = probe("shop-home", 30_000);
  const first = slotOf(home, T0);
  const second = addMs(first, 30_000);
  const at = (ms: number, newest: number | null = first) =>
    dataAsOf([home], { now: addMs(second, ms), newest: newest === null ? null : epochMs(newest) });

  test("now, as long as no run is missing that was due", () => {
    expect(at(-1)).toBe(second - 1);
    expect(at(8_999)).toBe(second + 8_999);
    expect(at(20_000, second)).toBe(second + 20_000);
  });

  test("the first slot whose run did not come in time, and stays there", () => {
    expect(at(9_000)).toBe(second);
    expect(at(HOUR_MS)).toBe(second);
  });

  test("the first slot of all that are missing, in whatever order the probes come", () => {
    const late = [probe("shop-home", 30_000), probe("shop-cart", 45_000), probe("shop-search", 70_000)];
    const now = addMs(T0, 10 * MINUTE_MS);
    const due = Math.min(...late.map((one) => slotOf(one, T0)));
    expect(dataAsOf(late, { now, newest: addMs(T0, -1) })).toBe(due);
    expect(dataAsOf(late.toReversed(), { now, newest: addMs(T0, -1) })).toBe(due);
  });

  test("now, when nothing is due: no probe, or none that ever ran", () => {
    expect(dataAsOf([], { now: T0, newest: null })).toBe(T0);
    expect(dataAsOf([probe("later", 30_000, 5_000, T0 + 1)], { now: T0, newest: null })).toBe(T0);
  });

  test("now between the slots of a slow probe, however long ago its last run was", () => {
    const hourly = probe("hourly", HOUR_MS);
    const slot = slotOf(hourly, T0);
    expect(dataAsOf([hourly], { now: addMs(slot, 59 * MINUTE_MS), newest: slot })).toBe(slot + 59 * MINUTE_MS);
    expect(dataAsOf([hourly], { now: addMs(slot, HOUR_MS + 9_000), newest: slot })).toBe(slot + HOUR_MS);
  });

  test("now, when any run arrives: a location or a probe that is silent makes the page no older", () => {
    const fast = probe("fast", SECOND_MS, 500);
    expect(dataAsOf([home, fast], { now: addMs(second, 20_000), newest: addMs(second, 19_500) })).toBe(second + 20_000);
  });

  test("at most as new as a run from a clock that is ahead allows", () => {
    const ahead = addMs(second, MINUTE_MS);
    expect(dataAsOf([home], { now: addMs(second, 20_000), newest: ahead })).toBe(second + 20_000);
  });
});

test("it is never in the future, never before the newest run, and a slot of a probe unless it is now", () => {
  const probes = fc.array(
    fc.record({ id: fc.string({ minLength: 1, maxLength: 5 }), seconds: fc.integer({ min: 1, max: 7_200 }) }),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(probes, fc.integer({ min: 0, max: 10 * HOUR_MS }), (list, silentMs) => {
      const due = list.map(({ id, seconds }) => probe(id, seconds * 1_000, Math.min(10, seconds) * 1_000));
      const newest = addMs(T0, -silentMs);
      const asOf = dataAsOf(due, { now: T0, newest });
      expect(asOf).toBeLessThanOrEqual(T0);
      expect(asOf).toBeGreaterThanOrEqual(newest);
      const isSlot = due.some(({ id, intervalMs }) => (asOf - phaseOf(id, intervalMs)) % intervalMs === 0);
      expect(asOf === T0 || isSlot).toBe(true);
    }),
  );
});
