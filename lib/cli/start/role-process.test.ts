import { expect, test } from "vitest";
import { failuresAfter, restartDelayMs } from "#lib/cli/start/role-process.ts";

test("a role that keeps failing waits longer each time, up to half a minute", () => {
  const ends = Array.from({ length: 12 }, () => ({ livedMs: 50, wasReady: false, signal: null }));
  let failures = 0;
  const delays = ends.map((end) => restartDelayMs((failures = failuresAfter(failures, end))));
  expect(delays.slice(0, 4)).toEqual([200, 400, 800, 1_600]);
  expect(delays.at(-1)).toBe(30_000);
});

test.each([
  ["was killed from outside after it worked", { livedMs: 300, wasReady: true, signal: "SIGKILL" as const }, 100],
  ["worked for over a minute", { livedMs: 60_001, wasReady: true, signal: null }, 200],
])("a role that %s is started again at once, after any number of failures", (_what, end, delayMs) => {
  expect(restartDelayMs(failuresAfter(7, end))).toBe(delayMs);
});

test.each([
  ["ended by itself", { livedMs: 5_000, wasReady: true, signal: null }],
  ["was killed before it worked", { livedMs: 300, wasReady: false, signal: "SIGKILL" as const }],
  ["aborted, as it does when memory runs out", { livedMs: 5_000, wasReady: true, signal: "SIGABRT" as const }],
])("a role that %s has failed once more", (_what, end) => {
  expect(failuresAfter(3, end)).toBe(4);
});
