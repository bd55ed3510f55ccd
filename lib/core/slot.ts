import type { SliDefinition } from "./definitions.ts";
import type { OutcomeClass, Vote } from "./outcome.ts";
import { voteOfClass } from "./outcome.ts";
import { eventSliOf } from "./slo/definition.ts";
import type { DurationUs } from "./units.ts";

/** What a vote depends on: all that is known of one location's run at a slot. */
export type SlotReport = { readonly class: OutcomeClass; readonly durationUs: DurationUs };

/**
 * The vote of one run for an SLI. A latency SLI counts answered runs only: an outage is availability's business.
 */
export const voteOfRun = (report: SlotReport, sli: SliDefinition): Vote => {
  const event = eventSliOf(sli);
  if (event.kind === "availability") return voteOfClass(report.class);
  if (report.class !== "ok" && report.class !== "slow") return "none";
  return report.durationUs <= event.thresholdMs * 1_000 ? "good" : "bad";
};

/**
 * The vote of a slot over the locations that reported (slo-semantics, "Slots"): good or bad when more than half of
 * the reporters say so and at least min(2, configured locations) reported; otherwise none.
 * Votes of `none` are no reports. The order of the votes does not matter.
 */
export const voteOfSlot = (votes: readonly Vote[], configuredLocations: number): Vote => {
  const bad = votes.filter((vote) => vote === "bad").length;
  const good = votes.filter((vote) => vote === "good").length;
  const reporters = good + bad;
  if (reporters < Math.min(2, configuredLocations) || reporters === 0) return "none";
  if (bad * 2 > reporters) return "bad";
  return good * 2 > reporters ? "good" : "none";
};
