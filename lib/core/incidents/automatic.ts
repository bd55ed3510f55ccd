import type { Vote } from "../outcome.ts";
import { voteOfSlot } from "../slot.ts";
import type { Impact, MeasuredServiceState } from "../status/severity.ts";
import type { DurationMs, EpochMs } from "../units.ts";
import { addMs, durationMs, MINUTE_MS } from "../units.ts";
import type { IncidentPolicy } from "./policy.ts";

/** How long a service has to be well before the desk asks whether an incident is over. */
export const ASK_AFTER_MS: DurationMs = durationMs(30 * MINUTE_MS);

/** One slot: the votes of the locations that reported, and how many were to. */
export type WitnessSlot = { readonly at: EpochMs; readonly votes: readonly Vote[]; readonly configured: number };

/** `majority`: two locations or more saw it, and most of those that reported. `single`: there is but one location. */
export type Witness = "majority" | "single" | "none";

/** Who saw the failure, by the newest decided slot. The order of the slots does not matter. */
export const witnessOf = (slots: readonly WitnessSlot[]): Witness => {
  let best: Witness = "none";
  let newest = Number.NEGATIVE_INFINITY;
  for (const { at, votes, configured } of slots) {
    if (voteOfSlot(votes, configured) !== "bad" || at < newest) continue;
    const isMajority = configured > 1 && votes.filter((vote) => vote === "bad").length >= 2;
    if (at > newest) best = "single";
    if (isMajority) best = "majority";
    newest = at;
  }
  return best;
};

/** Whether an alert may put an incident on the page without a person: by the policy, and by who saw the failure. */
export const mayPublish = ({ onAlert, singleLocation }: IncidentPolicy, witness: Witness): boolean =>
  onAlert === "publish" && (witness === "majority" || (witness === "single" && singleLocation === "publish"));

/** What a new page alert leads to. */
export type AlertDecision =
  | { readonly kind: "nothing" }
  | { readonly kind: "attach"; readonly incidentId: string }
  | { readonly kind: "open"; readonly isPublished: boolean };

/**
 * One open incident a service: later alerts join it. What is suppressed, excluded or in maintenance opens none.
 */
export const decideAlert = (args: {
  readonly policy: IncidentPolicy;
  readonly isKeptBack: boolean;
  /** The open incident or draft of the service. */
  readonly openId: string | null;
  readonly witness: Witness;
}): AlertDecision => {
  const { policy, isKeptBack, openId, witness } = args;
  if (isKeptBack || policy.onAlert === "none") return { kind: "nothing" };
  if (openId !== null) return { kind: "attach", incidentId: openId };
  return { kind: "open", isPublished: mayPublish(policy, witness) };
};

/** How customers are told of what is measured. An alert that fires means something, so it is never nothing. */
export const impactOfMeasured = (measured: MeasuredServiceState): Exclude<Impact, "none"> => {
  if (measured === "major_outage") return "critical";
  return measured === "partial_outage" ? "major" : "minor";
};

/** An open incident that alerts are attached to. */
export type WatchedIncident = {
  readonly isDraft: boolean;
  readonly isAutomatic: boolean;
  /** A person changed it. */
  readonly isHandled: boolean;
  readonly isAsking: boolean;
  readonly firing: number;
  /** When the last of its alerts ended; null while one fires. */
  readonly quietSince: EpochMs | null;
  /** Since when all its services are measured as operational; null: one is not. */
  readonly healthySince: EpochMs | null;
};

export type WatchDecision = "nothing" | "publish" | "resolve" | "discard" | "ask" | "ask_no_more";

/**
 * What an incident with alerts needs now. One that no person touched ends with its alerts; one that a person changed is
 * never ended by itself: after half an hour of health the desk asks.
 */
export const decideWatched = (
  incident: WatchedIncident,
  { now, mayPublishNow }: { readonly now: EpochMs; readonly mayPublishNow: boolean },
): WatchDecision => {
  const { isDraft, isAutomatic, isHandled, isAsking, firing, quietSince, healthySince } = incident;
  if (isAutomatic && !isHandled) {
    if (firing === 0) return isDraft ? "discard" : "resolve";
    return isDraft && mayPublishNow ? "publish" : "nothing";
  }
  const wellSince = quietSince === null || healthySince === null ? null : Math.max(quietSince, healthySince);
  const isDue = firing === 0 && wellSince !== null && now >= addMs(wellSince as EpochMs, ASK_AFTER_MS);
  if (isDue) return isAsking ? "nothing" : "ask";
  return isAsking ? "ask_no_more" : "nothing";
};
