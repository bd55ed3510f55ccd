import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Breaker } from "../calls/breaker.ts";
import { epochMs, SECOND_MS } from "../units.ts";
import { admitsAt, afterResult, openGate } from "./gate.ts";

const T = epochMs(Date.UTC(2026, 10, 21));
const after = (seconds: number) => epochMs(T + seconds * SECOND_MS);
const fail = (times: number, from: Breaker | null = null): Breaker | null => {
  let breaker = from;
  for (let index = 0; index < times; index += 1) breaker = afterResult(breaker, false, T);
  return breaker;
};

describe("the breaker of an endpoint", () => {
  test("opens when more than half of the last ten attempts failed, and not before", () => {
    expect(fail(5)?.kind).toBe("closed");
    expect(fail(6)).toEqual({ kind: "open", sinceMs: T });
  });

  test("lets one trial through after 30 s, closes after three good ones and opens again after a bad one", () => {
    const open = fail(6);
    const places = (breaker: Breaker | null, seconds: number, busy = 0) =>
      openGate({ breaker, rate: null }, { now: after(seconds), busy, most: 8 }).places;
    expect([places(open, 29.999), places(open, 30), places(open, 30, 1)]).toEqual([0, 1, 0]);
    const trial = openGate({ breaker: open, rate: null }, { now: after(30), busy: 0, most: 8 }).after(1).breaker;
    expect([places(trial, 31), places(trial, 60)]).toEqual([0, 1]);
    const bad = afterResult(trial, false, after(31));
    expect(bad).toEqual({ kind: "open", sinceMs: after(31) });
    let good: Breaker | null = trial;
    for (let index = 0; index < 3; index += 1) good = afterResult(good, true, after(31 + index));
    expect(places(good, 34)).toBe(8);
  });

  test("a gate through which nothing went stays as it was", () => {
    const open = fail(6);
    expect(openGate({ breaker: open, rate: null }, { now: after(30), busy: 0, most: 8 }).after(0).breaker).toBe(open);
  });

  test("after ten good attempts nothing is stored, and nothing is stored for an endpoint that never failed", () => {
    expect(afterResult(null, true, T)).toBeNull();
    let breaker = fail(3);
    for (let index = 0; index < 10; index += 1) breaker = afterResult(breaker, true, T);
    expect(breaker).toBeNull();
    expect(admitsAt(breaker, T)).toBeNull();
  });
});

test("whatever is asked when, a rate lets no more through than itself at once and in the long run", () => {
  const steps = fc.array(fc.record({ waitMs: fc.integer({ min: 0, max: 3_000 }), wanted: fc.nat({ max: 50 }) }));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), steps, (perSecond, list) => {
      let [now, tokens, at, sent]: [number, number | null, number | null, number] = [T, null, null, 0];
      for (const { waitMs, wanted } of list) {
        now += waitMs;
        const rate = { perSecond, tokens, at: at === null ? null : epochMs(at) };
        const opening = openGate({ breaker: null, rate }, { now: epochMs(now), busy: 0, most: 64 });
        const claimed = Math.min(wanted, opening.places);
        expect(claimed).toBeLessThanOrEqual(perSecond);
        if (claimed === 0) continue;
        [tokens, at] = [opening.after(claimed).tokens, now];
        sent += claimed;
        expect(sent).toBeLessThanOrEqual(perSecond + ((now - T) * perSecond) / SECOND_MS + 1e-6);
      }
    }),
  );
});
