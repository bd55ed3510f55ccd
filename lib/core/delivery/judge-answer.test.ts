import fc from "fast-check";
import { expect, test } from "vitest";
import { durationMs, epochMs } from "../units.ts";
import { judgeFailure, judgeStatus } from "./judge-answer.ts";
import { retryAfterOf } from "./retry-after.ts";

test("every status: 2xx is accepted, 410 refused, all others are tried later", () => {
  for (let status = 100; status <= 599; status += 1) {
    const expected = status >= 200 && status <= 299 ? "accepted" : status === 410 ? "refused" : "try_later";
    expect(`${status} ${judgeStatus(status, null).kind}`).toBe(`${status} ${expected}`);
  }
});

test("a reason says what was answered, and for redirects what to do", () => {
  expect(judgeStatus(503, durationMs(7_000))).toEqual({
    kind: "try_later",
    reason: "the receiver answered 503",
    retryAfterMs: 7_000,
  });
  expect(judgeStatus(308, null)).toMatchObject({ reason: expect.stringContaining("register the final address") });
  expect(judgeFailure("timeout: first_byte")).toEqual({
    kind: "try_later",
    reason: "timeout: first_byte",
    retryAfterMs: null,
  });
});

const NOW = epochMs(Date.UTC(2026, 10, 21, 12));
test.each([
  { value: null, ms: null },
  { value: "", ms: null },
  { value: "0", ms: 0 },
  { value: " 30 ", ms: 30_000 },
  { value: "21600", ms: 21_600_000 },
  { value: "21601", ms: 21_600_000 },
  { value: "1".repeat(400), ms: 21_600_000 },
  { value: "1.5", ms: null },
  { value: "-1", ms: null },
  { value: "+1", ms: null },
  { value: "1e3", ms: null },
  { value: "٣", ms: null },
  { value: "Sat, 21 Nov 2026 12:01:00 GMT", ms: 60_000 },
  { value: "Sat, 21 Nov 2026 11:00:00 GMT", ms: 0 },
  { value: "Sat, 31 Dec 9999 23:59:59 GMT", ms: 21_600_000 },
  { value: "2026-11-21T12:01:00Z", ms: null },
  { value: "Sat, 99 Nov 2026 12:01:00 GMT", ms: null },
  { value: "tomorrow", ms: null },
])("Retry-After $value", ({ value, ms }) => {
  expect(retryAfterOf(value, NOW)).toBe(ms);
});

test("any text as Retry-After gives no wait or one of up to six hours", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const ms = retryAfterOf(text, NOW);
      if (ms !== null) expect(ms >= 0 && ms <= 21_600_000).toBe(true);
    }),
  );
});
