import type { MaintenanceRun, MaintenanceUpdateRow } from "#db/queries/maintenance-runs.ts";
import type { MaintenanceRow } from "#db/queries/maintenances.ts";
import type { SnapshotMaintenance } from "#lib/contracts/snapshot-maintenances.ts";
import type { MaintenanceMessages } from "#lib/core/maintenance/definition.ts";

const iso = (at: number): string => new Date(at).toISOString();
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));
const textOrNull = (text: string): string | null => (text === "" ? null : text);

/** What happens once has the id of its maintenance, so that it keeps its public id when it is moved. */
export const occurrenceId = ({ maintenanceId, plannedFor }: MaintenanceRun, { rrule }: MaintenanceRow): string =>
  rrule === null ? maintenanceId : `${maintenanceId}:${iso(plannedFor)}`;

const messagesOf = (said: MaintenanceMessages) =>
  Object.keys(said).length === 0
    ? {}
    : { translations: Object.fromEntries(Object.entries(said).map(([key, { message }]) => [key, { body: message }])) };

/** A language that has a title or a description says what it lacks as it was written. */
const textsOf = ({ translations, title, body }: MaintenanceRow) =>
  Object.keys(translations).length === 0
    ? {}
    : {
        translations: Object.fromEntries(
          Object.entries(translations).map(([key, text]) => [
            key,
            { name: text.title ?? title, description: textOrNull(text.body ?? body) },
          ]),
        ),
      };

const updatesOf = (
  run: MaintenanceRun,
  row: MaintenanceRow,
  said: readonly MaintenanceUpdateRow[],
): SnapshotMaintenance["updates"] => {
  const id = occurrenceId(run, row);
  const told = said
    .filter((one) => one.maintenanceId === run.maintenanceId && one.plannedFor === run.plannedFor)
    .map((one) => ({
      id: one.id,
      status: one.status,
      body: one.body,
      createdAt: iso(one.createdAt),
      updatedAt: iso(one.createdAt),
      displayAt: iso(one.createdAt),
      ...messagesOf(one.translations),
    }));
  const canceled =
    run.canceledAt === null
      ? []
      : [
          {
            id: `${id}:canceled`,
            status: "canceled" as const,
            body: row.cancelReason ?? row.title,
            at: run.canceledAt,
          },
        ];
  const planned = [
    { id: `${id}:scheduled`, status: "scheduled" as const, body: row.body || row.title, at: run.createdAt },
  ];
  const own = ({ at, ...one }: (typeof canceled | typeof planned)[number]) => {
    const instant = iso(at);
    return { ...one, createdAt: instant, updatedAt: instant, displayAt: instant };
  };
  return [...canceled.map(own), ...told, ...planned.map(own)];
};

/** An occurrence as pages, feeds and `/api/v2` tell of it. `said`: what was said, newest first, of others too. */
export const snapshotMaintenance = (
  run: MaintenanceRun,
  row: MaintenanceRow,
  said: readonly MaintenanceUpdateRow[],
): SnapshotMaintenance => ({
  id: occurrenceId(run, row),
  maintenanceId: row.id,
  name: row.title,
  description: textOrNull(row.body),
  status: run.state,
  impact: row.impact,
  serviceIds: [...row.serviceIds],
  plannedFor: iso(run.plannedFor),
  scheduledFor: iso(run.startsAt),
  scheduledUntil: iso(run.endsAt),
  createdAt: iso(run.createdAt),
  updatedAt: iso(run.updatedAt),
  startedAt: isoOrNull(run.startedAt),
  endedAt: isoOrNull(run.endedAt),
  canceledAt: isoOrNull(run.canceledAt),
  sequence: run.sequence,
  isRecurring: row.rrule !== null,
  updates: updatesOf(run, row, said),
  ...textsOf(row),
});
