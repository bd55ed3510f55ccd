import type { Tx } from "#db/database.ts";
import { readConfigDocument, readServices } from "#db/queries/config.ts";
import type { MaintenanceRow } from "#db/queries/maintenances.ts";
import { insertMaintenance } from "#db/queries/maintenances.ts";
import { assertKnown } from "#lib/commands/assert-known.ts";
import { tellChange } from "#lib/commands/tell-change.ts";
import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import { isTimeZone } from "#lib/core/calendar.ts";
import { AppError } from "#lib/core/errors.ts";
import type { MaintenanceTexts } from "#lib/core/maintenance/definition.ts";
import { readRule } from "#lib/core/maintenance/rule.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, epochMs, MINUTE_MS } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { newId } from "#lib/runtime/ids.ts";
import { maintenanceNow, withTexts } from "./maintenance-parts.ts";
import { storeOccurrencesOf } from "./store-occurrences.ts";

export type MaintenanceToSchedule = Pick<
  MaintenanceRow,
  "title" | "body" | "impact" | "reminders" | "serviceIds" | "startsAt" | "durationMs" | "rrule" | "author"
> & {
  /** Left out: the zone of the page. */
  readonly timeZone?: string | undefined;
  readonly translations?: MaintenanceTexts | undefined;
  /** Its id in the configuration, for what stands there. */
  readonly fileId?: string;
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
  assertKnown(args.serviceIds, await readServices(tx), "service");
  const row: MaintenanceRow = {
    id: newId("mnt", now, randomBytes),
    fileId: args.fileId ?? null,
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
    updatedAt: now,
    sequence: 0,
    translations: withTexts({}, args.translations),
  };
  await insertMaintenance(tx, row);
  const added = await storeOccurrencesOf(tx, row, now);
  if (added === 0 && rrule === null) throw new AppError("INTERNAL", "the occurrence was not stored");
  const made = await maintenanceNow(tx, row, { now });
  await tellChange(tx, "maintenance.scheduled", { before: null, after: made }, { actor, now });
  return made;
};
