import { z } from "zod";

// The states of services, as every part of the snapshot and of the API names them.

export const MeasuredState = z.enum([
  "operational",
  "degraded_performance",
  "partial_outage",
  "major_outage",
  "unknown",
]);
export type MeasuredState = z.infer<typeof MeasuredState>;
export const PublicState = z.enum([...MeasuredState.options, "under_maintenance"]);
export type PublicState = z.infer<typeof PublicState>;

/** ISO 8601 in UTC with milliseconds. */
export const SnapshotInstant = z.iso.datetime({ offset: false });
