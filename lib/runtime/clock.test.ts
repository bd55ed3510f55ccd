import { expect, test } from "vitest";
import { systemClock } from "./clock.ts";

test("a sleep ends as soon as its signal aborts, and rejects", async () => {
  const stop = new AbortController();
  const asleep = systemClock.sleep(60_000, stop.signal);
  stop.abort();
  await expect(asleep).rejects.toThrow();
  await expect(systemClock.sleep(1, stop.signal)).rejects.toThrow();
});

test("the monotonic clock moves on over a sleep", async () => {
  const before = systemClock.monotonicMs();
  await systemClock.sleep(2, new AbortController().signal);
  expect(systemClock.monotonicMs()).toBeGreaterThan(before);
});
