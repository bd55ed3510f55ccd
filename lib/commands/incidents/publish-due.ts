import type { Tx } from "#db/database.ts";
import { writeIncidentUpdate } from "#db/queries/incident-writes.ts";
import { AppError, errorCodeOf } from "#lib/core/errors.ts";
import type { Author } from "./change-incident.ts";
import { lockIncident, settleIncident, statesAround, tellIncident } from "./change-incident.ts";
import { publishDraft } from "./publish-incident.ts";
import { assertGoesOn, tellUpdate } from "./update-incident.ts";

const fits = (...args: Parameters<typeof assertGoesOn>): boolean => {
  try {
    assertGoesOn(...args);
    return true;
  } catch (error) {
    if (error instanceof AppError && errorCodeOf(error) === "CONFLICT") return false;
    throw error;
  }
};

/**
 * Publishes what was planned for now: a draft, or an update. An update that does not fit any more, because the incident was
 * closed meanwhile, stays unpublished without a time.
 */
export const publishDue = async (
  tx: Tx,
  { id, updateId }: { readonly id: string; readonly updateId: string },
  author: Author,
): Promise<void> => {
  const incident = await lockIncident(tx, id);
  if (incident.publishedAt === null) {
    await publishDraft(tx, incident, author);
    return;
  }
  const update = incident.updates.find((one) => one.id === updateId);
  if (update === undefined || update.publishedAt !== null) return;
  const { now } = author;
  const shown = { ...update, displayAt: now, publishedAt: now };
  if (!fits(incident, shown)) {
    await writeIncidentUpdate(tx, { ...update, publishAt: null }, now);
    await settleIncident(tx, id, {}, author);
    await tellIncident(tx, "incident.update_scheduled", { id, before: incident, key: `${updateId}:kept` }, author);
    return;
  }
  await writeIncidentUpdate(tx, { ...shown, affected: await statesAround(tx, incident, shown) }, now);
  await settleIncident(tx, id, {}, author);
  await tellUpdate(tx, incident, shown, author);
};
