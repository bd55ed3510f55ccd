import { createHash } from "node:crypto";
import type { Tx } from "#db/database.ts";
import { insertMissingRuns } from "#db/queries/maintenance-runs.ts";
import type { MaintenanceRow, NewOccurrence } from "#db/queries/maintenances.ts";
import { insertOccurrences, lockMaintenancesToExpand, setExpandedTo } from "#db/queries/maintenances.ts";
import type { ExclusionKind } from "#lib/core/slo/exclusions.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";
import { expandStarts, HORIZON_MS } from "./expand.ts";

/** Occurrences times services that one maintenance may have within the horizon. */
const MOST_ROWS = 2_000;

/**
 * What an occurrence is for budgets. Told of in time, as its author says and as we know: announced. Said to be told of in time,
 * but entered here after the start: a second person has to agree. Told of after the start: emergency.
 */
const kindOf = ({ announcedAt, createdAt }: MaintenanceRow, startsAt: EpochMs): ExclusionKind => {
  if (announcedAt > startsAt) return "emergency";
  return createdAt > startsAt ? "retroactive" : "announced";
};

/** Follows from what it stands for, so that two engines and a replay make the same one. */
export const exclusionIdOf = (maintenanceId: string, serviceId: string, startsAt: EpochMs): string =>
  `exc_${createHash("sha256").update(`${maintenanceId}\n${serviceId}\n${startsAt}`).digest("hex").slice(0, 32)}`;

const occurrencesOf = (row: MaintenanceRow, until: EpochMs): NewOccurrence[] => {
  const from = row.expandedTo ?? row.startsAt;
  const most = Math.max(1, Math.floor(MOST_ROWS / row.serviceIds.length));
  // A rule that was not looked at for long is caught up with in steps, each with the limit of one horizon.
  const starts: EpochMs[] = [];
  for (let at = from; at < until; at = addMs(at, HORIZON_MS)) {
    const end = Math.min(until, addMs(at, HORIZON_MS)) as EpochMs;
    starts.push(...expandStarts(row, { from: at, until: end, most }));
  }
  return starts.flatMap((startsAt) =>
    row.serviceIds.map((serviceId) => ({
      maintenanceId: row.id,
      serviceId,
      startsAt,
      endsAt: addMs(startsAt, row.durationMs),
      exclusionId: exclusionIdOf(row.id, serviceId, startsAt),
      kind: kindOf(row, startsAt),
      reason: row.title,
    })),
  );
};

/** Stores the occurrences of one maintenance that begin before the horizon. @throws AppError INVALID_REQUEST: too many. */
export const storeOccurrencesOf = async (tx: Tx, row: MaintenanceRow, now: EpochMs): Promise<number> => {
  const horizon = addMs(now, HORIZON_MS);
  // What happens once is stored at once, however far ahead it is.
  const until = row.rrule === null ? addMs(row.startsAt, 1) : (Math.max(horizon, addMs(row.startsAt, 1)) as EpochMs);
  const added = await insertOccurrences(tx, { occurrences: occurrencesOf(row, until), author: row.author, now });
  await setExpandedTo(tx, { id: row.id, expandedTo: until, now });
  await insertMissingRuns(tx, { maintenanceId: row.id, endedAfter: addMs(row.startsAt, -1), now });
  return added;
};

/** Half a day is added at a time, so that rounds in between have nothing to write. */
const STEP_MS = DAY_MS / 2;

/** Stores what begins within the horizon now, for every maintenance in force. A replay adds nothing. Returns how many were new. */
export const storeOccurrences = async (tx: Tx, now: EpochMs): Promise<number> => {
  let added = 0;
  for (const row of await lockMaintenancesToExpand(tx, addMs(now, HORIZON_MS - STEP_MS)))
    added += await storeOccurrencesOf(tx, row, now);
  // Those that another version of this program stored.
  await insertMissingRuns(tx, { maintenanceId: null, endedAfter: now, now });
  return added;
};
