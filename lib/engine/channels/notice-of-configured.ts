import type { ConfiguredResource } from "#lib/contracts/configured.ts";
import type { Part } from "./notice-part.ts";
import { fact } from "./notice-part.ts";

const NAMES = { service: "Service", probe: "Probe", slo: "SLO" } as const;
const VERBS = { created: "made", updated: "changed", deleted: "ended" } as const;

/** A change of the configuration by hand. */
export const ofConfigured = ({ kind, id, change, actor, version, serviceId }: ConfiguredResource): Part => ({
  tone: "neutral",
  phase: "note",
  title: `${NAMES[kind]} ${VERBS[change]}: ${id}`,
  text: "",
  facts: [...fact("Service", serviceId), ...fact("By", actor), ...fact("Version", version)],
});
