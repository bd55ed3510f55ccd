import type { PublicState } from "#lib/contracts/snapshot.ts";

/** The colour role and glyph of a state; see the tokens in app/_styles. */
export type Role = "ok" | "degraded" | "partial" | "major" | "maint" | "none";

export const ROLES = ["ok", "degraded", "partial", "major", "maint", "none"] as const satisfies readonly Role[];

export const ROLE_OF: Record<PublicState, Role> = {
  operational: "ok",
  degraded_performance: "degraded",
  partial_outage: "partial",
  major_outage: "major",
  under_maintenance: "maint",
  unknown: "none",
};
