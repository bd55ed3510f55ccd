import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { durationMs } from "../units.ts";
import type { Breaker } from "./breaker.ts";
import { admit, CLOSED, note } from "./breaker.ts";
import type { CallFailure } from "./call-failure.ts";
import { nextStep } from "./retry.ts";
import { draw } from "./token-bucket.ts";

const status = (code: number, retryAfterMs: number | null = null): CallFailure => ({
  kind: "status",
  status: code,
  retryAfterMs: retryAfterMs === null ? null : durationMs(retryAfterMs),
});
const step = (failure: CallFailure, changes: Partial<Parameters<typeof nextStep>[0]> = {}) =>
  nextStep({ failure, attempts: 1, rounds: 0, isRefreshed: false, random: 1, ...changes });
const timeout: CallFailure = { kind: "timeout", reason: "timeout: first_byte" };

describe("the retry matrix of our own calls", () => {
  test("every status code has its step", () => {
    const kinds = (from: number, to: number) =>
      new Set(
        Array.from({ length: to - from + 1 }, (_, i) => from + i).flatMap((code) =>
          [401, 429, 503].includes(code) ? [] : [step(status(code)).kind],
        ),
      );
    expect(kinds(300, 499)).toEqual(new Set(["give_up"]));
    expect(kinds(500, 599)).toEqual(new Set(["again"]));
    expect(step(status(401)).kind).toBe("refresh");
    expect(step(status(401), { isRefreshed: true }).kind).toBe("give_up");
    expect(step(status(429)).kind).toBe("later");
    expect(step(status(503)).kind).toBe("later");
  });

  test("time-outs and broken connections are tried again after 1, 2 and 5 seconds, then later", () => {
    for (const failure of [
      timeout,
      { kind: "unreachable", reason: "connect_refused: ECONNREFUSED" } as const,
      status(502),
    ]) {
      const delays = [1, 2, 3].map((attempts) => step(failure, { attempts }));
      expect(delays).toEqual([1_000, 2_000, 5_000].map((afterMs) => ({ kind: "again", afterMs })));
      expect(step(failure, { attempts: 4 }).kind).toBe("later");
    }
  });

  test("429 waits two minutes three times, 503 ten times within an hour, and Retry-After is heeded up to an hour", () => {
    expect([0, 1, 2].map((rounds) => step(status(429), { rounds }))).toEqual([
      { kind: "later", afterMs: 120_000, isExhausted: false },
      { kind: "later", afterMs: 120_000, isExhausted: false },
      { kind: "later", afterMs: 120_000, isExhausted: true },
    ]);
    const waits = Array.from({ length: 9 }, (_, rounds) => step(status(503), { rounds }));
    const sum = waits.reduce((total, each) => total + (each.kind === "later" ? each.afterMs : 0), 0);
    expect(sum).toBe(3_577_000);
    expect(step(status(503), { rounds: 9 })).toMatchObject({ isExhausted: true });
    expect(step(status(429, 600_000))).toMatchObject({ afterMs: 600_000 });
    expect(step(status(429, 86_400_000))).toMatchObject({ afterMs: 3_600_000 });
  });

  test("jitter only shortens, by a tenth at most", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 3 }), (random, attempts) => {
        const [bare, drawn] = [step(timeout, { attempts }), step(timeout, { attempts, random })];
        if (bare.kind !== "again" || drawn.kind !== "again") throw new Error("a retry is due");
        expect(drawn.afterMs).toBeLessThanOrEqual(bare.afterMs);
        expect(drawn.afterMs).toBeGreaterThanOrEqual(bare.afterMs * 0.9 - 1);
      }),
    );
  });
});

describe("the circuit breaker", () => {
  const after = (results: readonly boolean[], from: Breaker = CLOSED): Breaker =>
    results.reduce((breaker, isSuccess) => note(breaker, isSuccess, 0), from);

  test("opens above half of the last ten, not at half and not before ten", () => {
    expect(after([...Array(5).fill(true), ...Array(5).fill(false)]).kind).toBe("closed");
    expect(after([...Array(4).fill(true), ...Array(6).fill(false)]).kind).toBe("open");
    expect(after(Array(9).fill(false)).kind).toBe("closed");
  });

  test("refuses for 30 s, then lets one at a time through; three successes close it, one failure opens it again", () => {
    const open = after(Array(10).fill(false));
    expect(admit(open, 29_999)).toMatchObject({ kind: "refused", retryAfterMs: 1 });
    const trial = admit(open, 30_000);
    expect(trial.kind).toBe("admitted");
    expect(admit(trial.next, 30_001).kind).toBe("refused");
    expect(note(trial.next, false, 30_002)).toEqual({ kind: "open", sinceMs: 30_002 });
    let breaker = trial.next;
    for (let i = 0; i < 3; i += 1) breaker = note(i === 0 ? breaker : admit(breaker, 30_003).next, true, 30_003);
    expect(breaker).toEqual(CLOSED);
  });

  test("never stays shut to a server that is well again, whatever happened before", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(60_000)), { maxLength: 40 }), (history) => {
        let [breaker, now]: [Breaker, number] = [CLOSED, 0];
        for (const [isSuccess, pause] of history) {
          now += pause;
          const admitted = admit(breaker, now);
          breaker = admitted.kind === "admitted" ? note(admitted.next, isSuccess, now) : admitted.next;
        }
        for (let i = 0; i < 10; i += 1) {
          now += 30_000;
          const admitted = admit(breaker, now);
          expect(admitted.kind).toBe("admitted");
          breaker = note(admitted.next, true, now);
        }
        expect(breaker.kind).toBe("closed");
      }),
    );
  });
});

test("a bucket never gives more than its rate in a minute after its burst", () => {
  let bucket = null as Parameters<typeof draw>[0];
  let given = 0;
  for (let now = 0; now <= 120_000; now += 100) {
    const drawn = draw(bucket, 100, now);
    if (drawn.kind === "empty") continue;
    bucket = drawn.next;
    given += 1;
  }
  expect(given).toBeLessThanOrEqual(300);
  expect(given).toBeGreaterThanOrEqual(299);
});
