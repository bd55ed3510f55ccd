import type { Database } from "#db/database.ts";
import type { AlertFilter, AlertPlace } from "#db/queries/alert-facts.ts";
import { readAlert, readAlertPage } from "#db/queries/alert-facts.ts";
import type { AlertFacts } from "#lib/contracts/alert-resource.ts";
import { alertResource } from "#lib/contracts/alert-resource.ts";
import type { AlertResource } from "#lib/contracts/alerts.ts";
import { AppError } from "#lib/core/errors.ts";
import { epochMs } from "#lib/core/units.ts";
import type { Listed, Paging } from "./pagination.ts";
import { assertOneDirection, decodeCursor, encodeCursor, foreignCursor, isPlaceInTime } from "./pagination.ts";

const KIND = "alerts";

const cursorOf = (alert: AlertFacts): string => encodeCursor(KIND, alert.firedAtMs, alert.id);

const placeOf = (cursor: string | undefined): AlertPlace | null => {
  if (cursor === undefined) return null;
  const [firedAt, id] = decodeCursor(KIND, cursor);
  if (!isPlaceInTime(firedAt) || typeof id !== "string" || id.includes("\0")) throw foreignCursor();
  return { firedAt: epochMs(firedAt), id };
};

/** One page of the alerts, the newest first. */
export const listAlerts = async (database: Database, query: Paging & AlertFilter): Promise<Listed<AlertResource>> => {
  assertOneDirection(query);
  const { limit } = query;
  const after = placeOf(query.after);
  const before = placeOf(query.before);
  // One more than asked for tells whether there is more in the direction of travel.
  const found = await database.read((db) => readAlertPage(db, { filter: query, limit: limit + 1, after, before }));
  const hasMore = found.length > limit;
  const alerts = before === null ? found.slice(0, limit) : found.slice(-limit);
  const first = alerts[0];
  const last = alerts.at(-1);
  const hasNextPage = before === null ? hasMore : true;
  const hasPrevPage = before === null ? after !== null : hasMore;
  return {
    data: alerts.map((alert) => alertResource(alert, { isPublic: true })),
    pagination: {
      limit,
      hasNextPage,
      nextCursor: hasNextPage && last !== undefined ? cursorOf(last) : null,
      hasPrevPage,
      prevCursor: hasPrevPage && first !== undefined ? cursorOf(first) : null,
    },
  };
};

/** @throws AppError NOT_FOUND */
export const getAlert = async (database: Database, id: string): Promise<AlertResource> => {
  const alert = await database.read((db) => readAlert(db, id));
  if (alert === null) throw new AppError("NOT_FOUND", "there is no alert with this id");
  return alertResource(alert, { isPublic: true });
};
