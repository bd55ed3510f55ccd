import { expect, test } from "vitest";
import { addMs, epochMs, MINUTE_MS } from "../units.ts";
import type { Pulse } from "./pulse.ts";
import { pulseFault } from "./pulse.ts";

const now = epochMs(Date.UTC(2026, 10, 3, 12));
const ago = (minutes: number) => addMs(now, -minutes * MINUTE_MS);
const fine: Pulse = {
  dataAsOf: ago(1),
  closedUntil: ago(2),
  evaluatedAt: ago(1),
  oldestDue: null,
  lastAttemptAt: null,
};

test("an installation watches when results are fresh, minutes closed, SLOs judged and deliveries made", () => {
  expect(pulseFault(fine, now)).toBeNull();
  expect(pulseFault({ ...fine, evaluatedAt: null }, now)).toBeNull();
  expect(pulseFault({ ...fine, oldestDue: ago(1) }, now)).toBeNull();
  expect(pulseFault({ ...fine, oldestDue: ago(60), lastAttemptAt: ago(1) }, now)).toBeNull();
});

test.each([
  ["no fresh results", { dataAsOf: ago(4) }],
  ["no fresh results", { dataAsOf: null }],
  ["minutes are not closed", { closedUntil: ago(6) }],
  ["SLOs are not judged", { evaluatedAt: ago(6) }],
  ["deliveries do not flow", { oldestDue: ago(3) }],
  ["deliveries do not flow", { oldestDue: ago(60), lastAttemptAt: ago(3) }],
] as const)("it does not when there are %s: %o", (fault, more) => {
  expect(pulseFault({ ...fine, ...more }, now)).toBe(fault);
});
