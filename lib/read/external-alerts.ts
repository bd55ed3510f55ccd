import type { Database } from "#db/database.ts";
import type { ExternalAlertFilter, ExternalAlertPlace } from "#db/queries/external-alerts.ts";
import {
  externalAlertColumns,
  readExternalAlert,
  readExternalAlertPage,
  readFiringExternalAlerts,
  readSortedExternalAlerts,
} from "#db/queries/external-alerts.ts";
import type { KeysetPage } from "#db/queries/keyset.ts";
import type { ExternalAlertFacts, ExternalAlertResource } from "#lib/contracts/external-alerts.ts";
import { externalAlertResource } from "#lib/contracts/external-alerts.ts";
import type { SortKey } from "#lib/contracts/operations/operation.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Listed, Paging } from "./pagination.ts";
import { assertOneDirection, encodeCursor, pageOf, placeInTime } from "./pagination.ts";
import { keysetListed, sortedKind } from "./sorting.ts";

const KIND = "external-alerts";
/** What an answer in the shape of Alertmanager holds at most: it knows no pages. */
const MOST_AT_ONCE = 10_000;

const cursorOf = ({ firstHeardAt, id }: ExternalAlertFacts): string => encodeCursor(KIND, firstHeardAt.getTime(), id);

const placeOf = (cursor: string | undefined): ExternalAlertPlace | null => {
  const place = placeInTime(KIND, cursor);
  return place === null ? null : { firstHeardAt: place.at, id: place.id };
};

type Query = Paging & {
  readonly state?: ExternalAlertResource["state"] | undefined;
  readonly service?: string | undefined;
  readonly q?: string | undefined;
  readonly createdAfter?: EpochMs | undefined;
  readonly sort?: readonly SortKey[] | undefined;
};

const listSorted = (
  database: Database,
  { filter, query, sort }: { filter: ExternalAlertFilter; query: Paging; sort: readonly SortKey[] },
): Promise<Listed<ExternalAlertResource>> =>
  database.read((db) => {
    const columns = externalAlertColumns(db, sort);
    const read = (page: KeysetPage) => readSortedExternalAlerts(db, { filter, columns, page });
    return keysetListed({ kind: sortedKind(KIND, sort), paging: query, columns, read }, (rows) =>
      rows.map(externalAlertResource),
    );
  });

/** One page of the alerts that other systems sent, the newest first unless `sort` says another order. */
export const listExternalAlerts = async (database: Database, query: Query): Promise<Listed<ExternalAlertResource>> => {
  const { limit, state = null, service: serviceId = null, q = null, createdAfter = null, sort } = query;
  const filter = { state, serviceId, q, createdAfter };
  if (sort !== undefined) return listSorted(database, { filter, query, sort });
  assertOneDirection(query);
  const [after, before] = [placeOf(query.after), placeOf(query.before)];
  const ask = { filter, limit: limit + 1, after, before };
  const found = await database.read((db) => readExternalAlertPage(db, ask));
  return pageOf(found, { limit, after, before }, { cursorOf, resourceOf: externalAlertResource });
};

/** @throws AppError NOT_FOUND */
export const getExternalAlert = async (database: Database, id: string): Promise<ExternalAlertResource> => {
  const facts = await database.read((db) => readExternalAlert(db, id));
  if (facts === null) throw new AppError("NOT_FOUND", "there is no alert with this id");
  return externalAlertResource(facts);
};

/** The alerts of other systems that fire, for answers in the shape of Alertmanager. */
export const firingExternalAlerts = (database: Database): Promise<ExternalAlertFacts[]> =>
  database.read((db) => readFiringExternalAlerts(db, MOST_AT_ONCE));
