import type { Tx } from "#db/database.ts";
import { readConfigDocument, readServices } from "#db/queries/config.ts";
import { readExclusion, revokeExclusion } from "#db/queries/exclusions.ts";
import type { MaintenanceRow } from "#db/queries/maintenances.ts";
import { cancelMaintenanceRow, insertMaintenance, readMaintenance, readOccurrences } from "#db/queries/maintenances.ts";
import { assertKnown } from "#lib/commands/assert-known.ts";
import { tellChange } from "#lib/commands/tell-change.ts";
import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import { maintenanceResource } from "#lib/contracts/maintenances.ts";
import { isTimeZone } from "#lib/core/calendar.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, epochMs, MINUTE_MS } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { newId } from "#lib/runtime/ids.ts";
import { readRule } from "./expand.ts";
import { storeOccurrencesOf } from "./store-occurrences.ts";

export type MaintenanceToSchedule = Pick<
  MaintenanceRow,
  "title" | "body" | "impact" | "reminders" | "serviceIds" | "startsAt" | "durationMs" | "rrule" | "author"
> & {
  /** Left out: the zone of the page. */
  readonly timeZone?: string | undefined;
  /** Left out: now. */
  readonly announcedAt?: EpochMs | undefined;
  readonly actor: string;
  readonly now: EpochMs;
  readonly randomBytes: RandomBytes;
};

const LONGEST_MS = 31 * DAY_MS;
const OLDEST_START_MS = 366 * DAY_MS;

const assertTimes = ({ durationMs, startsAt, now }: MaintenanceToSchedule, timeZone: string): void => {
  if (!isTimeZone(timeZone)) throw new AppError("INVALID_REQUEST", `there is no time zone "${timeZone}"`);
  if (durationMs < MINUTE_MS || durationMs > LONGEST_MS)
    throw new AppError("INVALID_REQUEST", "a maintenance lasts from a minute to 31 days");
  if (startsAt < addMs(now, -OLDEST_START_MS))
    throw new AppError("INVALID_REQUEST", "a maintenance that began over a year ago cannot be entered");
};

const resourceOf = async (tx: Tx, row: MaintenanceRow, now: EpochMs): Promise<MaintenanceResource> => {
  const occurrences = await readOccurrences(tx, { maintenanceIds: [row.id], endedAfter: addMs(now, -30 * DAY_MS) });
  return maintenanceResource(row, occurrences, now);
};

/**
 * Schedules a maintenance and stores its first occurrences with their exclusions: rows, audit and event in the caller's
 * transaction. @throws AppError INVALID_REQUEST: an unknown service or zone, a rule or a span that cannot be.
 */
export const scheduleMaintenance = async (tx: Tx, args: MaintenanceToSchedule): Promise<MaintenanceResource> => {
  const { author, now, randomBytes, actor, startsAt, announcedAt = now } = args;
  const page = (await readConfigDocument(tx))?.page;
  const timeZone = args.timeZone ?? page?.timeZone ?? "UTC";
  assertTimes(args, timeZone);
  const rrule = args.rrule === null ? null : readRule(args.rrule);
  const services = await readServices(tx);
  assertKnown(
    args.serviceIds,
    services.map(({ id }) => id),
    "service",
  );
  const row: MaintenanceRow = {
    id: newId("mnt", now, randomBytes),
    title: args.title,
    body: args.body,
    impact: args.impact,
    reminders: args.reminders,
    serviceIds: [...new Set(args.serviceIds)],
    startsAt: epochMs(Math.floor(startsAt / 1_000) * 1_000),
    durationMs: args.durationMs,
    rrule,
    timeZone,
    announcedAt,
    author,
    createdAt: now,
    canceledAt: null,
    canceledBy: null,
    cancelReason: null,
    expandedTo: null,
  };
  await insertMaintenance(tx, row);
  const added = await storeOccurrencesOf(tx, row, now);
  if (added === 0 && rrule === null) throw new AppError("INTERNAL", "the occurrence was not stored");
  const made = await resourceOf(tx, row, now);
  await tellChange(tx, "maintenance.scheduled", { before: null, after: made }, { actor, now });
  return made;
};

/**
 * Cancels what has not begun: exclusions of later occurrences are revoked, one in progress stays as it is, and so does the
 * row. Again, it changes nothing. @throws AppError NOT_FOUND
 */
export const cancelMaintenance = async (
  tx: Tx,
  args: {
    readonly id: string;
    readonly reason: string | null;
    readonly by: string;
    readonly actor: string;
    readonly now: EpochMs;
  },
): Promise<MaintenanceResource> => {
  const { id, reason, by, now } = args;
  const row = await readMaintenance(tx, id, { lock: true });
  if (row === null) throw new AppError("NOT_FOUND", "there is no maintenance with this id");
  const before = await resourceOf(tx, row, now);
  if (row.canceledAt !== null) return before;
  await cancelMaintenanceRow(tx, { id, now, by, reason });
  const rest = await readOccurrences(tx, { maintenanceIds: [id], endedAfter: now });
  for (const { exclusionId } of rest.filter(({ startsAt }) => startsAt > now)) {
    const known = await readExclusion(tx, exclusionId);
    if (known?.revokedAt === null) await revokeExclusion(tx, { id: exclusionId, revokedBy: by, now });
  }
  const after = await resourceOf(tx, { ...row, canceledAt: now, canceledBy: by, cancelReason: reason }, now);
  await tellChange(tx, "maintenance.canceled", { before, after }, args);
  return after;
};
