import { describe, expect, test } from "vitest";
import { objectiveOfPercent } from "../slo/objective.ts";
import { defaultPolicy } from "../slo/policy.ts";
import { compilePair } from "../slo/reading.ts";
import { createSeries, setMinute } from "../slo/series.ts";
import { voteOfSlot } from "../slot.ts";
import type { EpochMinute } from "../units.ts";
import { DAY_MS, durationMs } from "../units.ts";
import { parseQuorum, ruleOfQuorum } from "./quorum.ts";
import { compareAlerts, replayHistory } from "./replay.ts";

const at = (minute: number) => minute as EpochMinute;
const objective = objectiveOfPercent("99.9");
const DAY = 1_440;

const play = (badFrom: number, badUntil: number, until: number, from = 0) => {
  const series = createSeries(40 * DAY);
  for (let minute = 0; minute < until; minute += 1) {
    const isBad = minute >= badFrom && minute < badUntil;
    setMinute(series, at(minute), { bad: isBad ? 1 : 0, total: 1, expected: 1 });
  }
  const durationOfWindow = durationMs(28 * DAY_MS);
  const pairs = defaultPolicy(durationOfWindow, { intervalMs: durationMs(60_000), objective });
  return replayHistory({
    series,
    objective,
    window: { kind: "rolling", durationMs: durationOfWindow },
    pairs: pairs.map((pair) => compilePair(pair, objective)),
    warmFrom: at(0),
    from: at(from),
    through: at(until - 1),
  });
};

describe("replayHistory", () => {
  test("an outage fires every pair once, in the order of their windows, and all but the long one end", () => {
    const { episodes, exhaustedAt, lowest, last } = play(5_000, 5_030, 7_000);
    expect(episodes.map(({ pairId }) => pairId)).toEqual(["page_1h_5m", "page_6h_30m", "ticket_1d_2h", "ticket_3d_6h"]);
    expect(episodes.every(({ firedAt, resolvedAt }) => firedAt >= 5_001 && (resolvedAt ?? 0) > 5_030)).toBe(true);
    expect(exhaustedAt).toBe(5_005);
    expect(lowest?.minute).toBe(5_029);
    expect(last).toEqual({ bad: 30, total: 7_000, remaining: 1 - 30 / 7 });
  });

  test("what was over before the span is left out, and what fires at its end has no end", () => {
    expect(play(5_000, 5_030, 7_000, 6_900).episodes).toEqual([]);
    expect(play(6_990, 7_000, 7_000).episodes.map(({ resolvedAt }) => resolvedAt)).toEqual([null, null, null, null]);
  });
});

test("histories are compared by whether their episodes meet", () => {
  const one = (firedAt: number, resolvedAt: number | null) => ({ severity: "page" as const, firedAt, resolvedAt });
  const [page, ticket] = compareAlerts([one(10, 20), one(50, null)], [one(15, 30), one(40, 45)]);
  expect(page).toEqual({ severity: "page", would: 2, did: 2, onlyWould: 1, onlyDid: 1 });
  expect(ticket).toEqual({ severity: "ticket", would: 0, did: 0, onlyWould: 0, onlyDid: 0 });
});

test.each([
  { text: "any", votes: ["bad", "good", "good"], vote: "bad" },
  { text: "all", votes: ["bad", "bad", "good"], vote: "good" },
  { text: "all", votes: ["bad", "bad", "none"], vote: "bad" },
  { text: "2", votes: ["bad", "bad", "good"], vote: "bad" },
  { text: "3", votes: ["bad", "bad", "good"], vote: "good" },
  { text: "any", votes: ["bad"], vote: "none" },
] as const)("the quorum $text makes $votes $vote", ({ text, votes, vote }) => {
  const quorum = parseQuorum(text);
  expect(quorum === null ? null : ruleOfQuorum(quorum)(votes, 3)).toBe(vote);
});

test("the quorum majority is the engine's own rule, and nonsense is none", () => {
  expect(ruleOfQuorum("majority")).toBe(voteOfSlot);
  for (const text of ["", "0", "-1", "some", "1.5"]) expect(parseQuorum(text)).toBeNull();
});
