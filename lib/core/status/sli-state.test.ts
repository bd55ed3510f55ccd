import fc from "fast-check";
import { expect, test } from "vitest";
import { factorOf, objectiveOfPercent, thresholdOf } from "../slo/objective.ts";
import { durationMs, epochMs, MINUTE_MS } from "../units.ts";
import type { SliFacts } from "./sli-state.ts";
import { decideSliState, liveWindow } from "./sli-state.ts";

const START = Date.UTC(2026, 10, 21);
const STEP = 30_000;
const WINDOW = liveWindow(durationMs(STEP));
const threshold = thresholdOf(factorOf("1"), objectiveOfPercent("99.9"));

/** Slots from a text of g (good), b (bad) and . (undecided), the last one just now. */
const facts = (text: string, changes: Partial<SliFacts> = {}): SliFacts => {
  const now = epochMs(START + text.length * STEP);
  const slots = [...text].flatMap((vote, index) =>
    vote === "." ? [] : [{ at: epochMs(START + (index + 1) * STEP), isBad: vote === "b" }],
  );
  const expected = Math.min(text.length, WINDOW / STEP);
  return { slots, now, windowMs: WINDOW, expected, threshold, canBeOutage: true, ...changes };
};
const state = (text: string, changes: Partial<SliFacts> = {}) => decideSliState(facts(text, changes)).state;

test("the window is five minutes, or five intervals when those are longer", () => {
  expect(liveWindow(durationMs(1_000))).toBe(5 * MINUTE_MS);
  expect(liveWindow(durationMs(60_000))).toBe(5 * MINUTE_MS);
  expect(liveWindow(durationMs(10 * MINUTE_MS))).toBe(50 * MINUTE_MS);
});

test.each([
  { name: "no slot at all", text: "", state: "unknown" },
  { name: "one good slot", text: "g", state: "operational" },
  { name: "one bad slot", text: "b", state: "operational" },
  { name: "two bad slots in a row", text: "ggbb", state: "degraded" },
  { name: "two bad slots apart", text: "bggggb", state: "degraded" },
  { name: "three bad slots in a row", text: "gbbb", state: "outage" },
  { name: "three bad slots with undecided ones between", text: "gb.b.b", state: "outage" },
  { name: "an outage, then one good slot", text: "bbbg", state: "outage" },
  { name: "an outage, then two good slots", text: "bbbgg", state: "outage" },
  { name: "an outage, then good, good, bad", text: "bbbggb", state: "outage" },
  { name: "an outage, then three good slots", text: "bbbggg", state: "degraded" },
  { name: "an outage whose slots have left the window", text: `bbb${"g".repeat(10)}`, state: "operational" },
  { name: "one bad slot left in the window", text: `bbb${"g".repeat(9)}`, state: "operational" },
  { name: "two bad slots left in the window", text: `bbb${"g".repeat(8)}`, state: "degraded" },
  { name: "an old outage and a fresh bad slot", text: `bbb${"g".repeat(10)}b`, state: "operational" },
  { name: "half of the slots undecided", text: "g.g.g.g.g.", state: "operational" },
  { name: "more than half undecided", text: "g.g.g.g...", state: "unknown" },
])("$name: $state", ({ text, state: due }) => {
  expect(state(text)).toBe(due);
});

test("bad slots below the objective's allowance do not degrade", () => {
  const lenient = thresholdOf(factorOf("1"), objectiveOfPercent("75"));
  expect(state("gggggggbbg", { threshold: lenient })).toBe("operational");
  expect(state("ggggbgbgbg", { threshold: lenient })).toBe("degraded");
});

test("exactly at the objective is met", () => {
  const half = thresholdOf(factorOf("1"), objectiveOfPercent("80"));
  expect(state("ggggggbggb", { threshold: half })).toBe("operational");
});

test("a latency SLI degrades and is never an outage", () => {
  expect(state("gbbbbb", { canBeOutage: false })).toBe("degraded");
});

test("without an objective two bad slots degrade", () => {
  expect(state("gggbb", { threshold: null })).toBe("degraded");
});

const votes = fc.array(fc.constantFrom("g", "g", "b", "."), { maxLength: 40 }).map((all) => all.join(""));

test("one more bad slot never makes the state better", () => {
  const rank = { operational: 0, degraded: 1, outage: 2, unknown: -1 };
  fc.assert(
    fc.property(votes, (text) => {
      const before = state(text);
      const after = state(`${text}b`);
      if (before !== "unknown" && after !== "unknown" && !text.slice(-10).startsWith("b")) {
        expect(rank[after]).toBeGreaterThanOrEqual(rank[before]);
      }
    }),
  );
});

test("three good slots in a row end every outage, and a state gets better after nothing else", () => {
  const rank = { operational: 0, degraded: 1, outage: 2 };
  fc.assert(
    fc.property(votes, (text) => {
      expect(state(`${text}ggg`)).not.toBe("outage");
      const before = state(text);
      const after = state(`${text}g`);
      if (before === "unknown" || after === "unknown") return;
      const decided = `${text}g`.replaceAll(".", "");
      if (rank[after] < rank[before]) expect(decided.endsWith("ggg")).toBe(true);
    }),
  );
});

test("three bad slots in a row are an outage whatever came before, unless too little is known", () => {
  fc.assert(
    fc.property(votes, (text) => {
      expect(["outage", "unknown"]).toContain(state(`${text}bbb`));
    }),
  );
});

test("slots older than two windows change nothing", () => {
  fc.assert(
    fc.property(votes, fc.constantFrom("ggg", "gggg"), (text, calm) => {
      const recent = `${calm}${"g".repeat(20)}${text.slice(0, 10)}`;
      const whole = facts(`${"b".repeat(5)}${recent}`);
      const cut = { ...whole, slots: whole.slots.filter((slot) => slot.at > whole.now - 2 * WINDOW) };
      expect(decideSliState(cut)).toEqual(decideSliState(whole));
    }),
  );
});
