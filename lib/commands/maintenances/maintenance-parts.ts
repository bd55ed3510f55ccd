import type { Tx } from "#db/database.ts";
import { insertAudit } from "#db/queries/audit.ts";
import type { MaintenanceRun } from "#db/queries/maintenance-runs.ts";
import { readMaintenanceUpdates, readRuns } from "#db/queries/maintenance-runs.ts";
import type { MaintenanceRow } from "#db/queries/maintenances.ts";
import { readMaintenance, readOccurrences } from "#db/queries/maintenances.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import type { EventType } from "#lib/contracts/events.ts";
import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import { maintenanceResource } from "#lib/contracts/maintenances.ts";
import { AppError } from "#lib/core/errors.ts";
import type { MaintenanceTexts } from "#lib/core/maintenance/definition.ts";
import { stateAt } from "#lib/core/maintenance/lifecycle.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";

/** Occurrences that are over are shown for this long. */
const SHOWN_MS = 30 * DAY_MS;

/** The maintenance as it stands in this transaction; `about` names the occurrence that an event is about. */
export const maintenanceNow = async (
  tx: Tx,
  row: MaintenanceRow,
  { now, about }: { readonly now: EpochMs; readonly about?: EpochMs | undefined },
): Promise<MaintenanceResource> => {
  const which = { maintenanceIds: [row.id], endedAfter: addMs(now, -SHOWN_MS) };
  const rows = await readOccurrences(tx, which);
  const runs = await readRuns(tx, which);
  const updates = await readMaintenanceUpdates(tx, { ...which, plannedAfter: addMs(now, -2 * SHOWN_MS) });
  return maintenanceResource(row, { rows, runs, updates, about }, now);
};

/** @throws AppError NOT_FOUND */
export const lockMaintenance = async (tx: Tx, id: string): Promise<MaintenanceRow> => {
  const row = await readMaintenance(tx, id, { lock: true });
  if (row === null) throw new AppError("NOT_FOUND", "there is no maintenance with this id");
  return row;
};

/** Texts with others in their place: a language that is given is given whole, and one without any text goes. */
export const withTexts = (before: MaintenanceTexts, given: MaintenanceTexts = {}): MaintenanceTexts =>
  Object.fromEntries(
    Object.entries({ ...before, ...given }).flatMap(([language, text]) => {
      const said = Object.entries(text).filter(([, one]) => one !== undefined && one.trim() !== "");
      return said.length === 0 ? [] : [[language, Object.fromEntries(said)]];
    }),
  );

/** The actor of what the configuration asks for. */
export const CONFIG_ACTOR = "config";

/** @throws AppError CONFLICT when a maintenance that stands in the configuration is changed elsewhere. */
export const assertNotOfFile = ({ fileId }: MaintenanceRow, actor: string, remedy: string): void => {
  if (fileId === null || actor === CONFIG_ACTOR) return;
  throw new AppError("CONFLICT", `the maintenance "${fileId}" stands in nines.yaml: ${remedy} there`);
};

/**
 * The occurrence that is meant: the one planned for an instant, or without one what is under way, else what comes next, else
 * what was last. The rows stay locked until the transaction ends.
 * @throws AppError NOT_FOUND
 */
export const lockRun = async (
  tx: Tx,
  row: MaintenanceRow,
  { plannedFor, now }: { readonly plannedFor?: EpochMs | undefined; readonly now: EpochMs },
): Promise<MaintenanceRun> => {
  const runs = await readRuns(tx, { maintenanceIds: [row.id], endedAfter: addMs(now, -SHOWN_MS), lock: true });
  const inState = (...states: string[]): MaintenanceRun | undefined =>
    runs.find((run) => states.includes(stateAt(run, now)));
  const run =
    plannedFor === undefined
      ? (inState("in_progress", "verifying") ?? inState("scheduled") ?? runs.at(-1))
      : runs.find((one) => one.plannedFor === plannedFor);
  if (run === undefined) throw new AppError("NOT_FOUND", "the maintenance has no such occurrence");
  return run;
};

/** Tells of a change that may happen often: a row of the audit log and an event. `key` says which change it is. */
export const tellMaintenance = async (
  tx: Tx,
  type: EventType,
  { before, after }: { readonly before: MaintenanceResource | null; readonly after: MaintenanceResource },
  { actor, now, key }: { readonly actor: string; readonly now: EpochMs; readonly key: string },
): Promise<void> => {
  await insertAudit(tx, { at: now, actor, action: type, subject: after.id, before, after });
  await recordEvent(tx, {
    type,
    subject: after.id,
    dedupKey: `${type}:${after.id}:${key}`,
    data: after,
    occurredAt: now,
    notify: null,
    now,
  });
};
