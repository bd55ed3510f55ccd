import type { ExclusionPolicy, ExclusionTreatment } from "../slo-definitions.ts";
import type { EpochMinute, EpochMs } from "../units.ts";
import { MINUTE_MS, minuteOf } from "../units.ts";
import type { Counts } from "./series.ts";
import { NO_COUNTS } from "./series.ts";

/** `false_positive` and `probe_fault`: what was measured did not happen. The others are maintenance. */
export type ExclusionKind = "announced" | "emergency" | "retroactive" | "false_positive" | "probe_fault";

/** A decision about [startsAt, endsAt) and when it was known: it is never edited, only approved or revoked. */
export type Exclusion = {
  readonly kind: ExclusionKind;
  readonly startsAt: EpochMs;
  readonly endsAt: EpochMs;
  readonly createdAt: EpochMs;
  /** When a second person agreed; null before. */
  readonly approvedAt: EpochMs | null;
  readonly revokedAt: EpochMs | null;
};

/** Minutes [from, until) that do not count as they were. */
export type ExclusionSpan = {
  readonly from: EpochMinute;
  readonly until: EpochMinute;
  readonly treatment: Exclude<ExclusionTreatment, "count">;
};

/** The exclusions as they were known at an instant: later ones, approvals and revocations had not happened yet. */
export const exclusionsAsOf = <Known extends Exclusion>(exclusions: readonly Known[], at: EpochMs): Known[] =>
  exclusions
    .filter(({ createdAt, revokedAt }) => createdAt <= at && (revokedAt === null || revokedAt > at))
    .map((one) => ({
      ...one,
      approvedAt: one.approvedAt !== null && one.approvedAt > at ? null : one.approvedAt,
      revokedAt: null,
    }));

/**
 * What becomes of the events in an exclusion. A revoked one counts for nothing, nor does a retroactive one that no second
 * person has approved. Wrong measurements are left out whatever the policy, since nothing was measured.
 */
const treatmentOf = (exclusion: Exclusion, policy: ExclusionPolicy): ExclusionTreatment => {
  if (exclusion.revokedAt !== null) return "count";
  switch (exclusion.kind) {
    case "announced":
      return policy.announced;
    case "emergency":
      return policy.emergency;
    case "retroactive":
      return exclusion.approvedAt === null ? "count" : policy.retroactive;
    case "false_positive":
    case "probe_fault":
      return "exclude";
  }
};

type Treated = ExclusionSpan["treatment"];

/** Leaving out goes before counting as good. */
const strongestOf = (treatments: readonly Treated[]): Treated | null => {
  if (treatments.includes("exclude")) return "exclude";
  return treatments.length > 0 ? "good" : null;
};

/**
 * The spans of minutes that exclusions change, in order, without overlaps and as long as can be: the same for the same
 * exclusions in any order. An exclusion covers every minute that it touches.
 */
export const exclusionSpans = (exclusions: readonly Exclusion[], policy: ExclusionPolicy): ExclusionSpan[] => {
  const given = exclusions.flatMap((one): ExclusionSpan[] => {
    const treatment = treatmentOf(one, policy);
    if (treatment === "count" || one.endsAt <= one.startsAt) return [];
    return [{ from: minuteOf(one.startsAt), until: Math.ceil(one.endsAt / MINUTE_MS) as EpochMinute, treatment }];
  });
  const edges = [...new Set(given.flatMap(({ from, until }) => [from, until]))].sort((a, b) => a - b);
  const spans: ExclusionSpan[] = [];
  for (const [index, from] of edges.entries()) {
    const until = edges[index + 1];
    if (until === undefined) break;
    const covering = given.filter((span) => span.from <= from && span.until >= until);
    const treatment = strongestOf(covering.map((span) => span.treatment));
    if (treatment === null) continue;
    const last = spans.at(-1);
    if (last?.until === from && last.treatment === treatment) spans[spans.length - 1] = { ...last, until };
    else spans.push({ from, until, treatment });
  }
  return spans;
};

/** What a minute counts under these spans; the raw counts are the argument, and stay. */
export const adjustedCounts = (spans: readonly ExclusionSpan[], minute: EpochMinute, raw: Counts): Counts => {
  const span = spans.find(({ from, until }) => minute >= from && minute < until);
  if (span === undefined) return raw;
  // Nothing is expected of a minute that is left out, so that it is no gap either.
  return span.treatment === "exclude" ? NO_COUNTS : { ...raw, bad: 0 };
};
