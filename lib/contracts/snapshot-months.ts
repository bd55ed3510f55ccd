import type { Month } from "#lib/core/status/history-months.ts";
import { historyMonths } from "#lib/core/status/history-months.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import type { Snapshot } from "./snapshot.ts";
import { archiveByMonth } from "./snapshot-archive.ts";

const at = (iso: string): EpochMs => epochMs(Date.parse(iso));

/** The months (YYYY-MM, newest first) of the last year that `/history/{month}` exists for: see `historyMonths`. */
export const recentMonths = (snapshot: Snapshot): readonly Month[] =>
  historyMonths(
    at(snapshot.dataAsOf),
    [
      ...snapshot.services.flatMap(({ startDate }) => (startDate === null ? [] : [at(`${startDate}T12:00:00Z`)])),
      ...snapshot.incidents.map(({ startedAt }) => at(startedAt)),
      ...(snapshot.maintenances ?? []).map(({ scheduledFor }) => at(scheduledFor)),
      ...(snapshot.archive ?? []).slice(-1).map((oldest) => at(oldest.at)),
    ],
    snapshot.page.timeZone,
  );

/** Months before those of the last year, newest first: only those in which something began. */
export const olderMonths = ({ archive, page }: Snapshot, recent: readonly Month[]): readonly Month[] => {
  const oldest = recent.at(-1);
  if (archive === undefined || oldest === undefined) return [];
  return [...archiveByMonth(archive, page.timeZone).keys()]
    .filter((month) => month < oldest)
    .sort()
    .reverse();
};

/** Every month that `/history/{month}` exists for, newest first. */
export const monthsOfHistory = (snapshot: Snapshot): readonly Month[] => {
  const recent = recentMonths(snapshot);
  return [...recent, ...olderMonths(snapshot, recent)];
};
