import type { Month } from "#lib/core/status/history-months.ts";
import { historyMonths } from "#lib/core/status/history-months.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import type { Snapshot } from "./snapshot.ts";

const at = (iso: string): EpochMs => epochMs(Date.parse(iso));

/** The months (YYYY-MM, newest first) that `/history/{month}` exists for: see `historyMonths`. */
export const monthsOfHistory = (snapshot: Snapshot): readonly Month[] =>
  historyMonths(
    at(snapshot.dataAsOf),
    [
      ...snapshot.services.flatMap(({ startDate }) => (startDate === null ? [] : [at(`${startDate}T12:00:00Z`)])),
      ...snapshot.incidents.map(({ startedAt }) => at(startedAt)),
      ...(snapshot.maintenances ?? []).map(({ scheduledFor }) => at(scheduledFor)),
    ],
    snapshot.page.timeZone,
  );
