import type { Database } from "#db/database.ts";
import type { AlertFilter, AlertPlace } from "#db/queries/alert-facts.ts";
import { alertColumns, readAlert, readAlertPage, readAlerts, readSortedAlerts } from "#db/queries/alert-facts.ts";
import type { AlertFacts } from "#lib/contracts/alert-resource.ts";
import { alertResource } from "#lib/contracts/alert-resource.ts";
import type { AlertResource } from "#lib/contracts/alerts.ts";
import type { SortKey } from "#lib/contracts/operations/operation.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Listed, Paging } from "./pagination.ts";
import { assertOneDirection, encodeCursor, pageOf, placeInTime } from "./pagination.ts";
import { keysetListed, sortedKind } from "./sorting.ts";

const KIND = "alerts";

const cursorOf = (alert: AlertFacts): string => encodeCursor(KIND, alert.firedAtMs, alert.id);

const placeOf = (cursor: string | undefined): AlertPlace | null => {
  const place = placeInTime(KIND, cursor);
  return place === null ? null : { firedAt: place.at, id: place.id };
};

const resourceOf = (alert: AlertFacts): AlertResource => alertResource(alert, { isPublic: true });

type AlertQuery = Paging & AlertFilter & { readonly sort?: readonly SortKey[] | undefined };

const listSorted = (database: Database, query: AlertQuery, sort: readonly SortKey[]): Promise<Listed<AlertResource>> =>
  database.read((db) => {
    const columns = alertColumns(db, sort);
    return keysetListed(
      {
        kind: sortedKind(KIND, sort),
        paging: query,
        columns,
        read: (page) => readSortedAlerts(db, { filter: query, columns, page }),
      },
      (rows) => rows.map(resourceOf),
    );
  });

/** One page of the alerts, the newest first unless `sort` says another order. */
export const listAlerts = async (database: Database, query: AlertQuery): Promise<Listed<AlertResource>> => {
  if (query.sort !== undefined) return listSorted(database, query, query.sort);
  assertOneDirection(query);
  const { limit } = query;
  const after = placeOf(query.after);
  const before = placeOf(query.before);
  const found = await database.read((db) => readAlertPage(db, { filter: query, limit: limit + 1, after, before }));
  return pageOf(found, { limit, after, before }, { cursorOf, resourceOf });
};

/** Those of these alerts that there are, the oldest first. */
export const getAlerts = async (database: Database, ids: readonly string[]): Promise<AlertResource[]> =>
  (await database.read((db) => readAlerts(db, ids))).map(resourceOf);

/** @throws AppError NOT_FOUND */
export const getAlert = async (database: Database, id: string): Promise<AlertResource> => {
  const alert = await database.read((db) => readAlert(db, id));
  if (alert === null) throw new AppError("NOT_FOUND", "there is no alert with this id");
  return alertResource(alert, { isPublic: true });
};
