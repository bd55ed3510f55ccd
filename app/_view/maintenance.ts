import type { Snapshot } from "#lib/contracts/snapshot.ts";
import type { SnapshotMaintenance, SnapshotMaintenanceUpdate } from "#lib/contracts/snapshot-maintenances.ts";
import { statuspageId } from "#lib/contracts/statuspage-id.ts";
import type { Language } from "#lib/core/definitions.ts";

/** Title and description in the reader's language where there is a translation. */
export const workTextOf = (
  { name, description, translations }: SnapshotMaintenance,
  language: Language,
): { readonly name: string; readonly description: string | null } => translations?.[language] ?? { name, description };

/** What was said of it, in the reader's language where there is a translation. */
export const saidOf = ({ body, translations }: SnapshotMaintenanceUpdate, language: Language): string =>
  translations?.[language]?.body ?? body;

export type MaintenanceLists = {
  readonly active: readonly SnapshotMaintenance[];
  /** The soonest first. */
  readonly planned: readonly SnapshotMaintenance[];
  /** The newest first. */
  readonly past: readonly SnapshotMaintenance[];
};

/** Planned work by where it stands. */
export const maintenanceLists = ({ maintenances = [] }: Snapshot): MaintenanceLists => ({
  active: maintenances.filter(({ status }) => status === "in_progress" || status === "verifying"),
  planned: maintenances
    .filter(({ status }) => status === "scheduled")
    .toSorted((a, b) => a.scheduledFor.localeCompare(b.scheduledFor)),
  past: maintenances
    .filter(({ status }) => status === "completed" || status === "canceled")
    .toSorted((a, b) => b.scheduledFor.localeCompare(a.scheduledFor)),
});

/** The anchor of a maintenance on the page of all maintenance; feeds and calendars link to it. */
export const maintenanceAnchor = ({ id }: SnapshotMaintenance): string => `m-${statuspageId("maintenance", id)}`;
