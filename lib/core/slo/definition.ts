import type { EventSli, ExclusionPolicy, SliDefinition, SloDefinition } from "../slo-definitions.ts";
import { DEFAULT_EXCLUSION_POLICY } from "../slo-definitions.ts";

// What a definition means where it leaves things out.

/** Whether the SLO's events come from probes, and are expected on a schedule. */
export const isFromProbes = (sli: SliDefinition): boolean => sli.kind !== "promql";

/** Whether slots can be watched live for the SLI: parts of documents and events of PromQL are known by the minute only. */
const hasLiveSlots = (sli: SliDefinition): boolean => sli.kind !== "promql" && sli.kind !== "component";

/** Whether the SLI decides the public state of its service. */
export const isCoreSlo = ({ sli, core }: Pick<SloDefinition, "sli" | "core">): boolean =>
  hasLiveSlots(sli) && core !== false;

/** How an SLO treats what is excluded, by default as slo-definitions says. */
export const exclusionPolicyOf = ({ exclusions }: Pick<SloDefinition, "exclusions">): ExclusionPolicy =>
  exclusions ?? DEFAULT_EXCLUSION_POLICY;

const AVAILABILITY: EventSli = { kind: "availability" };

/** What one slot is judged by. Parts of health documents and PromQL events have no slots of their own: availability stands in. */
export const eventSliOf = (sli: SliDefinition): EventSli => {
  switch (sli.kind) {
    case "availability":
    case "latency":
      return sli;
    case "timeslice":
    case "ratio_timeslices":
      return sli.base;
    case "journey":
    case "component":
    case "promql":
      return AVAILABILITY;
  }
};
