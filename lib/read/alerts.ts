import type { Database } from "#db/database.ts";
import type { AlertFilter, AlertPlace } from "#db/queries/alert-facts.ts";
import { readAlert, readAlertPage } from "#db/queries/alert-facts.ts";
import type { AlertFacts } from "#lib/contracts/alert-resource.ts";
import { alertResource } from "#lib/contracts/alert-resource.ts";
import type { AlertResource } from "#lib/contracts/alerts.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Listed, Paging } from "./pagination.ts";
import { assertOneDirection, encodeCursor, pageOf, placeInTime } from "./pagination.ts";

const KIND = "alerts";

const cursorOf = (alert: AlertFacts): string => encodeCursor(KIND, alert.firedAtMs, alert.id);

const placeOf = (cursor: string | undefined): AlertPlace | null => {
  const place = placeInTime(KIND, cursor);
  return place === null ? null : { firedAt: place.at, id: place.id };
};

/** One page of the alerts, the newest first. */
export const listAlerts = async (database: Database, query: Paging & AlertFilter): Promise<Listed<AlertResource>> => {
  assertOneDirection(query);
  const { limit } = query;
  const after = placeOf(query.after);
  const before = placeOf(query.before);
  const found = await database.read((db) => readAlertPage(db, { filter: query, limit: limit + 1, after, before }));
  const resourceOf = (alert: AlertFacts): AlertResource => alertResource(alert, { isPublic: true });
  return pageOf(found, { limit, after, before }, { cursorOf, resourceOf });
};

/** @throws AppError NOT_FOUND */
export const getAlert = async (database: Database, id: string): Promise<AlertResource> => {
  const alert = await database.read((db) => readAlert(db, id));
  if (alert === null) throw new AppError("NOT_FOUND", "there is no alert with this id");
  return alertResource(alert, { isPublic: true });
};
