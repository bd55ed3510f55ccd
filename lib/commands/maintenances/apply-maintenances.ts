import type { Tx } from "#db/database.ts";
import type { MaintenanceRow } from "#db/queries/maintenances.ts";
import { lockMaintenancesOfFile, releaseMaintenance } from "#db/queries/maintenances.ts";
import { LANGUAGES } from "#lib/core/languages.ts";
import type { MaintenanceDefinition, MaintenanceTexts } from "#lib/core/maintenance/definition.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { cancelMaintenance } from "./cancel-maintenance.ts";
import { editMaintenance } from "./change-maintenance.ts";
import { CONFIG_ACTOR } from "./maintenance-parts.ts";
import { scheduleMaintenance } from "./schedule-maintenance.ts";

const BY = "nines.yaml";
const NO_TEXTS: MaintenanceTexts = Object.fromEntries(LANGUAGES.map((language) => [language, {}]));
/** What was over this long ago is history: a new database does not begin with it. */
const FORGOTTEN_MS = 365 * DAY_MS;

type Author = { readonly now: EpochMs; readonly randomBytes: RandomBytes };

/** What cannot be changed of planned work: another one takes its place. */
const planOf = (one: Pick<MaintenanceRow, "startsAt" | "durationMs" | "rrule" | "timeZone" | "serviceIds">): string =>
  JSON.stringify([
    Math.floor(one.startsAt / 1_000),
    one.durationMs,
    one.rrule,
    one.timeZone,
    [...new Set(one.serviceIds)].sort(),
  ]);

const isOver = ({ rrule, startsAt, durationMs }: MaintenanceDefinition | MaintenanceRow, at: EpochMs): boolean =>
  rrule === null && addMs(startsAt, durationMs) <= at;

/** Calls off what is still to come; what was is history and stays as it is. */
const retire = async (tx: Tx, row: MaintenanceRow, { now }: Author): Promise<void> => {
  const reason = "It has left the configuration.";
  if (row.canceledAt === null && !isOver(row, now))
    await cancelMaintenance(tx, { id: row.id, reason, by: BY, actor: CONFIG_ACTOR, now });
  await releaseMaintenance(tx, { id: row.id, now });
};

const schedule = async (tx: Tx, wanted: MaintenanceDefinition, author: Author): Promise<void> => {
  const { id, description, announcedAt, ...plan } = wanted;
  if (isOver(wanted, addMs(author.now, -FORGOTTEN_MS))) return;
  await scheduleMaintenance(tx, {
    ...{ ...plan, ...author, fileId: id, body: description, author: BY, actor: CONFIG_ACTOR },
    ...(announcedAt === null ? {} : { announcedAt }),
  });
};

/**
 * Makes the maintenances of the file those of the configuration, in its transaction: new ones are scheduled, words are
 * changed, other times or services make another one, and what left the file is called off. Those that people made stay.
 * @throws AppError INVALID_REQUEST for a rule or a time that cannot be.
 */
export const applyMaintenances = async (
  tx: Tx,
  wanted: readonly MaintenanceDefinition[],
  author: Author,
): Promise<void> => {
  const { now } = author;
  const stored = await lockMaintenancesOfFile(tx);
  const matches = new Map(
    wanted.map(
      (one) => [one.id, stored.find((row) => row.fileId === one.id && planOf(row) === planOf(one)) ?? null] as const,
    ),
  );
  for (const row of stored) if (matches.get(row.fileId ?? "") !== row) await retire(tx, row, author);
  for (const one of wanted) {
    const row = matches.get(one.id) ?? null;
    const { title, description: body, impact, reminders } = one;
    if (row === null) {
      await schedule(tx, one, author);
      continue;
    }
    // What left the file leaves the page too.
    const translations = { ...NO_TEXTS, ...one.translations };
    const texts = { title, body, impact, reminders, translations };
    await editMaintenance(tx, { ...texts, id: row.id, by: BY, actor: CONFIG_ACTOR, now });
  }
};
