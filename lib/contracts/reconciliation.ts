import { z } from "zod";
import { Count, Identifier, Instant } from "./values.ts";

/** What reconciliation looks for. Kinds are added, never renamed. */
export const FINDING_KINDS = [
  "alert_without_event",
  "event_without_delivery",
  "missing_delivery",
  "delivery_overdue",
  "delivery_without_attempt",
  "attempt_without_outcome",
  "lease_without_holder",
  "alertmanager_state",
  "alertmanager_unreachable",
  "bucket_differs",
  "check_failed",
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

export const FindingResource = z
  .strictObject({
    kind: z.enum(FINDING_KINDS),
    count: Count.meta({ description: "How many were found" }),
    repaired: Count.meta({ description: "How many of them were mended" }),
    examples: z.array(z.string()).max(10),
  })
  .meta({ id: "ReconciliationFinding", description: "One kind of things that do not agree" });
export type FindingResource = z.infer<typeof FindingResource>;

export const ReconciliationResource = z
  .strictObject({
    id: Identifier,
    startedAt: Instant,
    finishedAt: Instant,
    findings: z.array(FindingResource),
  })
  .meta({
    id: "Reconciliation",
    description: "A comparison of what is stored with what should be, and with other systems",
  });
export type ReconciliationResource = z.infer<typeof ReconciliationResource>;
