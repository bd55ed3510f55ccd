import fc from "fast-check";
import { expect, test } from "vitest";
import type { Vote } from "../outcome.ts";
import { addMs, epochMs } from "../units.ts";
import type { WatchedIncident, WitnessSlot } from "./automatic.ts";
import { ASK_AFTER_MS, decideAlert, decideWatched, impactOfMeasured, mayPublish, witnessOf } from "./automatic.ts";
import { DEFAULT_POLICY } from "./policy.ts";

const slot = (at: number, votes: readonly Vote[], configured: number): WitnessSlot => ({
  ...{ at: epochMs(at), votes, configured },
});

const WITNESSES = [
  { name: "no slot", slots: [], says: "none" },
  { name: "one of one", slots: [slot(1, ["bad"], 1)], says: "single" },
  { name: "one of two that are to report", slots: [slot(1, ["bad"], 2)], says: "none" },
  { name: "both of two", slots: [slot(1, ["bad", "bad"], 2)], says: "majority" },
  { name: "two of a probe that has one location by now", slots: [slot(1, ["bad", "bad"], 1)], says: "single" },
  { name: "one against one", slots: [slot(1, ["bad", "good"], 2)], says: "none" },
  { name: "two against one", slots: [slot(1, ["bad", "good", "bad"], 3)], says: "majority" },
  { name: "what is no report does not count", slots: [slot(1, ["bad", "none"], 2)], says: "none" },
] as const;
test.each(WITNESSES)("who saw it: $name", ({ slots, says }) => {
  expect(witnessOf(slots)).toBe(says);
});

test("the order of slots and votes changes nothing", () => {
  const vote = fc.constantFrom<Vote>("good", "bad", "none");
  const one = fc
    .tuple(fc.integer({ min: 0, max: 5 }), fc.array(vote, { maxLength: 4 }), fc.integer({ min: 1, max: 4 }))
    .map(([at, votes, configured]) => slot(at, votes, configured));
  fc.assert(
    fc.property(fc.array(one), (slots) => {
      const turned = slots.toReversed().map((each) => ({ ...each, votes: each.votes.toReversed() }));
      expect(witnessOf(turned)).toBe(witnessOf(slots));
    }),
  );
});

test("only a policy of publishing publishes, one location only when the policy says so, and nobody's word never", () => {
  const witness = fc.constantFrom("majority", "single", "none");
  const policy = fc.record({
    onAlert: fc.constantFrom("none", "draft", "publish"),
    singleLocation: fc.constantFrom("draft", "publish"),
  });
  fc.assert(
    fc.property(policy, witness, (rule, seen) => {
      const may = mayPublish(rule, seen);
      if (rule.onAlert !== "publish" || seen === "none") expect(may).toBe(false);
      else expect(may).toBe(seen === "majority" || rule.singleLocation === "publish");
      const facts = { policy: rule, openId: "inc_1", witness: seen };
      expect(decideAlert({ ...facts, isKeptBack: true })).toEqual({ kind: "nothing" });
      const joins = rule.onAlert === "none" ? { kind: "nothing" } : { kind: "attach", incidentId: "inc_1" };
      expect(decideAlert({ ...facts, isKeptBack: false })).toEqual(joins);
    }),
  );
  expect(decideAlert({ policy: DEFAULT_POLICY, isKeptBack: false, openId: null, witness: "majority" })).toEqual({
    ...{ kind: "open", isPublished: false },
  });
});

const QUIET: WatchedIncident = {
  ...{ isDraft: false, isAutomatic: true, isHandled: true, isAsking: false, firing: 0 },
  ...{ quietSince: epochMs(1_000), healthySince: epochMs(2_000) },
};
const DUE = addMs(epochMs(2_000), ASK_AFTER_MS);

test("one that a person edited is never closed: it asks after half an hour of health, and no more when that ends", () => {
  const judge = (change: Partial<WatchedIncident>, now = DUE) =>
    decideWatched({ ...QUIET, ...change }, { now, mayPublishNow: true });
  expect(judge({})).toBe("ask");
  expect(judge({}, addMs(DUE, -1))).toBe("nothing");
  expect(judge({ isAsking: true })).toBe("nothing");
  expect(judge({ isAsking: true, healthySince: null })).toBe("ask_no_more");
  expect(judge({ isAsking: true, firing: 1, quietSince: null })).toBe("ask_no_more");
  expect(judge({ isHandled: false })).toBe("resolve");
  expect(judge({ isHandled: false, isDraft: true })).toBe("discard");
  expect(judge({ isHandled: false, isDraft: true, firing: 1 })).toBe("publish");
});

test("whatever happens, what a person touched or opened is neither closed nor published nor discarded", () => {
  const facts = fc.record({
    ...{ isDraft: fc.boolean(), isAutomatic: fc.boolean(), isHandled: fc.boolean(), isAsking: fc.boolean() },
    firing: fc.nat(2),
    quietSince: fc.option(fc.nat().map(epochMs)),
    healthySince: fc.option(fc.nat().map(epochMs)),
  });
  fc.assert(
    fc.property(facts, fc.nat(), fc.boolean(), (incident, now, mayPublishNow) => {
      const decision = decideWatched(incident, { now: epochMs(now), mayPublishNow });
      if (incident.isHandled || !incident.isAutomatic) expect(["nothing", "ask", "ask_no_more"]).toContain(decision);
    }),
  );
});

test("an alert never opens an incident without impact", () => {
  expect(
    ["unknown", "operational", "degraded_performance"].map((state) => impactOfMeasured(state as "unknown")),
  ).toEqual([...["minor", "minor", "minor"]]);
  expect(impactOfMeasured("partial_outage")).toBe("major");
  expect(impactOfMeasured("major_outage")).toBe("critical");
});
