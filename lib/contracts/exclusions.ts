import { z } from "zod";
import { Identifier, Instant } from "./values.ts";

const EXCLUSION_KINDS = ["announced", "emergency", "retroactive", "false_positive", "probe_fault"] as const;
export const ExclusionKind = z.enum(EXCLUSION_KINDS).meta({
  description: "Maintenance told of before, at or after its start; or a measurement that was wrong",
});

export const ExclusionState = z.enum(["in_force", "awaiting_approval", "revoked"]);

export const ExclusionResource = z
  .strictObject({
    id: Identifier,
    sloId: Identifier.nullable(),
    serviceId: Identifier.nullable(),
    probeId: Identifier.nullable(),
    kind: ExclusionKind,
    state: ExclusionState.meta({
      description: "What is in force is treated as the policy of each SLO says for its kind",
    }),
    startsAt: Instant,
    endsAt: Instant,
    reason: z.string(),
    author: z.string(),
    approvedBy: z.string().nullable(),
    approvedAt: Instant.nullable(),
    maintenanceId: Identifier.nullable().meta({ description: "The maintenance that it follows from" }),
    createdAt: Instant,
    revokedAt: Instant.nullable(),
    revokedBy: z.string().nullable(),
  })
  .meta({ id: "Exclusion", description: "A time whose events do not count as they were measured, and why" });
export type ExclusionResource = z.infer<typeof ExclusionResource>;

/** The stored facts of an exclusion. Instants are milliseconds since the epoch. */
export type ExclusionFacts = {
  readonly id: string;
  readonly scope: { readonly sloId: string } | { readonly serviceId: string } | { readonly probeId: string };
  readonly kind: ExclusionResource["kind"];
  readonly startsAt: number;
  readonly endsAt: number;
  readonly reason: string;
  readonly author: string;
  readonly approvedBy: string | null;
  readonly approvedAt: number | null;
  readonly createdAt: number;
  readonly revokedAt: number | null;
  readonly revokedBy: string | null;
};

const iso = (at: number): string => new Date(at).toISOString();
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

const stateOf = ({ kind, approvedAt, revokedAt }: ExclusionFacts): ExclusionResource["state"] => {
  if (revokedAt !== null) return "revoked";
  return kind === "retroactive" && approvedAt === null ? "awaiting_approval" : "in_force";
};

/** The one way to make an ExclusionResource. */
export const exclusionResource = (facts: ExclusionFacts, maintenanceId: string | null): ExclusionResource => ({
  id: facts.id,
  sloId: "sloId" in facts.scope ? facts.scope.sloId : null,
  serviceId: "serviceId" in facts.scope ? facts.scope.serviceId : null,
  probeId: "probeId" in facts.scope ? facts.scope.probeId : null,
  kind: facts.kind,
  state: stateOf(facts),
  startsAt: iso(facts.startsAt),
  endsAt: iso(facts.endsAt),
  reason: facts.reason,
  author: facts.author,
  approvedBy: facts.approvedBy,
  approvedAt: isoOrNull(facts.approvedAt),
  maintenanceId,
  createdAt: iso(facts.createdAt),
  revokedAt: isoOrNull(facts.revokedAt),
  revokedBy: facts.revokedBy,
});
