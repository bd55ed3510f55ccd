import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseDuration } from "#lib/core/duration.ts";
import { callersAt, isBorne, LOADED_PATHS, lengthOf, STAGES, summaryOf, THRESHOLDS } from "./load-stages.ts";

test("callers rise and fall in straight lines from stage to stage", () => {
  const at = [0, 15, 30, 150, 165, 180, 240, 255, 270, 1_000];
  expect(at.map((seconds) => callersAt(STAGES, seconds))).toEqual([0, 25, 50, 50, 125, 200, 200, 100, 0, 0]);
  expect(lengthOf(STAGES)).toBe(270);
});

test("the load is borne below the limits only, and never without a request", () => {
  const durations = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(summaryOf(durations, 1)).toEqual({ requests: 100, errorRatio: 0.01, p95Ms: 96 });
  expect(isBorne(summaryOf(durations, 0))).toBe(true);
  expect(isBorne(summaryOf(durations, 1))).toBe(false);
  expect(
    isBorne(
      summaryOf(
        durations.map((ms) => ms * 6),
        0,
      ),
    ),
  ).toBe(false);
  expect(isBorne(summaryOf([], 0))).toBe(false);
});

test("docs/load/k6.js has the same stages, limits and addresses", () => {
  const script = readFileSync(new URL("../../../docs/load/k6.js", import.meta.url), "utf8");
  const stages = [...script.matchAll(/\{ duration: "(\w+)", target: (\d+) \}/g)].map(([, duration, target]) => ({
    seconds: (parseDuration(duration as string) ?? 0) / 1_000,
    target: Number(target),
  }));
  expect(stages).toEqual(STAGES);
  expect(script).toContain(`http_req_duration: ["p(95)<${THRESHOLDS.p95Ms}"]`);
  expect(script).toContain(`http_req_failed: ["rate<${THRESHOLDS.errorRatio}"]`);
  expect(script).toContain(`const PATHS = ${JSON.stringify(LOADED_PATHS).replaceAll(",", ", ")};`);
});
