import { partKeyText } from "#db/queries/part-facts.ts";
import type { MinuteSpan, ProbeHistory, RunFact, SlotCounts, SlotRule } from "#lib/core/bucket.ts";
import { slotCountsOf } from "#lib/core/bucket.ts";
import type { SloDefinition } from "#lib/core/definitions.ts";
import { combineMinutes, sumMinutes } from "#lib/core/slo/composites.ts";
import type { EpochMinute } from "#lib/core/units.ts";
import type { Histories } from "../probe-histories.ts";
import type { SlotFacts } from "./slot-facts.ts";

/** The history of a probe as if it had these locations only. */
const narrowed = (history: ProbeHistory, locationNos: ReadonlySet<number>): ProbeHistory => ({
  ...history,
  spans: history.spans.map((span) => ({ ...span, locationNos: span.locationNos.filter((no) => locationNos.has(no)) })),
  firstRunAt: new Map([...history.firstRunAt].filter(([no]) => locationNos.has(no))),
});

/** The histories to vote in: one with all locations, or one a location where every run is an event of its own. */
const ballotsOf = (history: ProbeHistory, definition: SloDefinition, histories: Histories): ProbeHistory[] => {
  const chosen = definition.locations?.flatMap((id) => histories.locationNos.get(id) ?? []);
  const whole = chosen === undefined ? history : narrowed(history, new Set(chosen));
  if (definition.count !== "runs") return [whole];
  const nos = new Set(whole.spans.flatMap((span) => span.locationNos));
  return [...nos].map((no) => {
    const one = narrowed(whole, new Set([no]));
    // While a location is not configured, nothing is expected of it.
    return { ...one, spans: one.spans.filter((span) => span.locationNos.length > 0) };
  });
};

/** A part is heard of by runs that could read the document; other runs say nothing about it. */
const runsFor = (definition: SloDefinition, history: ProbeHistory, facts: SlotFacts): readonly RunFact[] =>
  definition.sli.kind === "component"
    ? (facts.parts.get(partKeyText({ probeNo: history.probeNo, key: definition.sli.part })) ?? [])
    : (facts.runs.get(history.probeNo) ?? []);

/**
 * Events of an SLO, minute by minute, over all of its probes, as its definition counts them: chosen locations, slots or
 * runs, parts of documents, and probes combined. Minutes without any are left out. A pure function of the facts.
 */
export const countSlots = (args: {
  readonly definition: SloDefinition;
  readonly histories: Histories;
  readonly facts: SlotFacts;
  readonly span: MinuteSpan;
  /** In place of the majority of the reporters. */
  readonly rule?: SlotRule;
}): Map<EpochMinute, SlotCounts> => {
  const { definition, histories, facts, span, rule } = args;
  const byProbe = definition.probes.flatMap((probeId) => {
    const history = histories.byId.get(probeId);
    if (history === undefined) return [];
    const runs = runsFor(definition, history, facts);
    const ballots = ballotsOf(history, definition, histories);
    const counts = sumMinutes(ballots.map((ballot) => slotCountsOf(ballot, runs, definition.sli, span, rule)));
    return [[probeId, counts] as const];
  });
  return combineMinutes(byProbe, definition.combine ?? { kind: "sum" });
};
