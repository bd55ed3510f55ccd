import fc from "fast-check";
import { expect, test } from "vitest";
import type { Vote } from "../outcome.ts";
import { dissentingLocations } from "./dissent.ts";
import type { CoreSli } from "./service-state.ts";
import { decideServiceState } from "./service-state.ts";
import type { Impact, MeasuredServiceState } from "./severity.ts";
import { publishedState, severityOf } from "./severity.ts";
import type { SliState } from "./sli-state.ts";

const sli = (kind: CoreSli["kind"], state: SliState): CoreSli => ({
  kind,
  reading: { state, decided: 10, expected: 10, bad: 0 },
});
const availability = (...states: SliState[]) => states.map((state) => sli("availability", state));

test.each([
  { name: "nothing is measured", slis: [], due: "unknown" },
  { name: "all well", slis: availability("operational", "operational"), due: "operational" },
  { name: "all down", slis: availability("outage", "outage"), due: "major_outage" },
  { name: "one of two down", slis: availability("outage", "operational"), due: "partial_outage" },
  { name: "one down, one unknown", slis: availability("outage", "unknown"), due: "partial_outage" },
  { name: "one degraded", slis: availability("degraded", "operational"), due: "degraded_performance" },
  { name: "one degraded, one unknown", slis: availability("degraded", "unknown"), due: "degraded_performance" },
  { name: "one unknown", slis: availability("operational", "unknown"), due: "unknown" },
  {
    name: "down, and too silent for latency",
    slis: [...availability("outage"), sli("latency", "unknown")],
    due: "major_outage",
  },
  {
    name: "up but slow",
    slis: [...availability("operational"), sli("latency", "degraded")],
    due: "degraded_performance",
  },
  {
    name: "up, latency not measured yet",
    slis: [...availability("operational"), sli("latency", "unknown")],
    due: "operational",
  },
  { name: "latency alone, unknown", slis: [sli("latency", "unknown")], due: "unknown" },
  { name: "latency alone, degraded", slis: [sli("latency", "degraded")], due: "degraded_performance" },
])("$name: $due", ({ slis, due }) => {
  expect(decideServiceState(slis, false).measured).toBe(due);
});

test("a dissenting location makes at least a partial outage and hides no major one", () => {
  expect(decideServiceState(availability("operational"), true).measured).toBe("partial_outage");
  expect(decideServiceState(availability("unknown"), true).measured).toBe("partial_outage");
  expect(decideServiceState(availability("outage"), true).measured).toBe("major_outage");
});

test("the order of SLIs does not matter", () => {
  const some = fc.array(
    fc.tuple(
      fc.constantFrom("availability", "latency"),
      fc.constantFrom("unknown", "operational", "degraded", "outage"),
    ),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(some, fc.boolean(), (pairs, dissent) => {
      const slis = pairs.map(([kind, state]) => sli(kind as CoreSli["kind"], state as SliState));
      expect(decideServiceState([...slis].reverse(), dissent).measured).toBe(
        decideServiceState(slis, dissent).measured,
      );
    }),
  );
});

const slot = (votes: Record<string, Vote>) => new Map(Object.entries(votes));
const repeat = (count: number, votes: Record<string, Vote>) => Array.from({ length: count }, () => slot(votes));

test.each([
  { name: "four slots are not enough", slots: repeat(4, { fra: "good", sel: "bad" }), due: [] },
  { name: "of two locations the bad one is named", slots: repeat(5, { fra: "good", sel: "bad" }), due: ["sel"] },
  {
    name: "of three the one that stands alone",
    slots: repeat(5, { fra: "bad", sel: "bad", iad: "good" }),
    due: ["iad"],
  },
  { name: "two of four", slots: repeat(5, { a: "bad", b: "bad", c: "good", d: "good" }), due: ["a", "b"] },
  {
    name: "agreement in between",
    slots: [
      ...repeat(4, { fra: "good", sel: "bad" }),
      slot({ fra: "good", sel: "good" }),
      slot({ fra: "good", sel: "bad" }),
    ],
    due: [],
  },
  {
    name: "slots with one report do not count",
    slots: [...repeat(5, { fra: "good", sel: "bad" }), ...repeat(3, { fra: "good", sel: "none" })],
    due: ["sel"],
  },
  {
    name: "different ones in turn",
    slots: [...repeat(3, { fra: "good", sel: "bad" }), ...repeat(3, { fra: "bad", sel: "good" })],
    due: [],
  },
])("dissent: $name", ({ slots, due }) => {
  expect(dissentingLocations(slots)).toEqual(due);
});

const measured = fc.constantFrom<MeasuredServiceState>(
  "operational",
  "degraded_performance",
  "partial_outage",
  "major_outage",
  "unknown",
);
const impacts = fc.array(fc.constantFrom<Impact>("none", "minor", "major", "critical"), { maxLength: 4 });

test("an incident never makes a state better, and more incidents never do", () => {
  fc.assert(
    fc.property(measured, impacts, impacts, (state, some, more) => {
      const published = publishedState(state, some);
      expect(severityOf(published)).toBeGreaterThanOrEqual(severityOf(state));
      expect(severityOf(publishedState(state, [...some, ...more]))).toBeGreaterThanOrEqual(severityOf(published));
    }),
  );
});

test("impacts map to states", () => {
  expect(
    (["none", "minor", "major", "critical"] as const).map((impact) => publishedState("operational", [impact])),
  ).toEqual(["operational", "degraded_performance", "partial_outage", "major_outage"]);
});
