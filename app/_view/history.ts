import type { Snapshot, SnapshotDay, SnapshotIncident, SnapshotService } from "#lib/contracts/snapshot.ts";
import type { ArchivedDocuments } from "#lib/contracts/snapshot-archive.ts";
import { archiveByMonth } from "#lib/contracts/snapshot-archive.ts";
import type { SnapshotMaintenance } from "#lib/contracts/snapshot-maintenances.ts";
import type { Month } from "#lib/core/status/history-months.ts";
import { monthOf } from "#lib/core/status/history-months.ts";
import { epochMs } from "#lib/core/units.ts";
import type { Format } from "./format.ts";

const at = (instant: string) => epochMs(Date.parse(instant));

const isOver = ({ status }: SnapshotMaintenance): boolean => status === "completed" || status === "canceled";

export type MonthFacts = {
  readonly incidents: readonly SnapshotIncident[];
  readonly maintenances: readonly SnapshotMaintenance[];
  /** Services with those of their days that lie in the month and were watched; services without any are left out. */
  readonly services: readonly { readonly service: SnapshotService; readonly days: readonly SnapshotDay[] }[];
};

const NOTHING: ArchivedDocuments = { incidents: [], maintenances: [] };

/**
 * What happened in a month of the page's zone: what began in it, and how its days were.
 * @param archived what began in it and is no longer in the snapshot.
 */
export const monthFacts = (snapshot: Snapshot, month: Month, archived: ArchivedDocuments = NOTHING): MonthFacts => {
  const isIn = (instant: string) => monthOf(at(instant), snapshot.page.timeZone) === month;
  return {
    incidents: [...snapshot.incidents.filter(({ startedAt }) => isIn(startedAt)), ...archived.incidents],
    maintenances: [
      ...(snapshot.maintenances ?? []).filter((one) => isOver(one) && isIn(one.scheduledFor)),
      ...archived.maintenances,
    ],
    services: snapshot.services.flatMap((service) => {
      const { startDate } = service;
      const days = service.days.filter(({ date }) => date.startsWith(month) && startDate !== null && date >= startDate);
      return days.length === 0 ? [] : [{ service, days }];
    }),
  };
};

/** What a day is remembered for. */
const TROUBLE: ReadonlySet<SnapshotDay["worst"]> = new Set(["degraded_performance", "partial_outage", "major_outage"]);

/** How much there is to tell of a month. */
export const monthCounts = (
  snapshot: Snapshot,
  month: Month,
): { readonly incidents: number; readonly maintenances: number; readonly troubledDays: number } => {
  const { incidents, maintenances, services } = monthFacts(snapshot, month);
  const troubled = services.flatMap(({ days }) => days.filter(({ worst }) => TROUBLE.has(worst)));
  const known = new Set([...incidents, ...maintenances].map(({ id }) => id));
  const archived = archiveByMonth(snapshot.archive ?? [], snapshot.page.timeZone).get(month) ?? [];
  const older = archived.filter(({ id }) => !known.has(id));
  const oldIncidents = older.filter(({ kind }) => kind === "incident").length;
  return {
    incidents: incidents.length + oldIncidents,
    maintenances: maintenances.length + older.length - oldIncidents,
    troubledDays: new Set(troubled.map(({ date }) => date)).size,
  };
};

/** "2 incidents, 1 maintenance, 3 days with trouble", or that there was nothing. */
export const countsText = (counted: ReturnType<typeof monthCounts>, format: Format): string => {
  const { counts, quiet } = format.words.history;
  const kinds = ["incidents", "maintenances", "troubledDays"] as const;
  const told = kinds.filter((kind) => counted[kind] > 0).map((kind) => format.plural(counted[kind], counts[kind]));
  return told.length === 0 ? quiet : told.join(", ");
};
