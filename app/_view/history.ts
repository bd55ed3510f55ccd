import type { Snapshot, SnapshotDay, SnapshotIncident, SnapshotService } from "#lib/contracts/snapshot.ts";
import type { SnapshotMaintenance } from "#lib/contracts/snapshot-maintenances.ts";
import type { Month } from "#lib/core/status/history-months.ts";
import { monthOf } from "#lib/core/status/history-months.ts";
import { epochMs } from "#lib/core/units.ts";

const at = (instant: string) => epochMs(Date.parse(instant));

const isOver = ({ status }: SnapshotMaintenance): boolean => status === "completed" || status === "canceled";

export type MonthFacts = {
  readonly incidents: readonly SnapshotIncident[];
  readonly maintenances: readonly SnapshotMaintenance[];
  /** Services with those of their days that lie in the month and were watched; services without any are left out. */
  readonly services: readonly { readonly service: SnapshotService; readonly days: readonly SnapshotDay[] }[];
};

/** What happened in a month of the page's zone: what began in it, and how its days were. */
export const monthFacts = (snapshot: Snapshot, month: Month): MonthFacts => {
  const isIn = (instant: string) => monthOf(at(instant), snapshot.page.timeZone) === month;
  return {
    incidents: snapshot.incidents.filter(({ startedAt }) => isIn(startedAt)),
    maintenances: (snapshot.maintenances ?? []).filter((one) => isOver(one) && isIn(one.scheduledFor)),
    services: snapshot.services.flatMap((service) => {
      const { startDate } = service;
      const days = service.days.filter(({ date }) => date.startsWith(month) && startDate !== null && date >= startDate);
      return days.length === 0 ? [] : [{ service, days }];
    }),
  };
};
