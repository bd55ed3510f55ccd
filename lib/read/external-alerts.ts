import type { Database } from "#db/database.ts";
import type { ExternalAlertPlace } from "#db/queries/external-alerts.ts";
import { readExternalAlert, readExternalAlertPage, readFiringExternalAlerts } from "#db/queries/external-alerts.ts";
import type { ExternalAlertFacts, ExternalAlertResource } from "#lib/contracts/external-alerts.ts";
import { externalAlertResource } from "#lib/contracts/external-alerts.ts";
import { AppError } from "#lib/core/errors.ts";
import { epochMs } from "#lib/core/units.ts";
import type { Listed, Paging } from "./pagination.ts";
import { assertOneDirection, decodeCursor, encodeCursor } from "./pagination.ts";

const KIND = "external-alerts";
/** What an answer in the shape of Alertmanager holds at most: it knows no pages. */
const MOST_AT_ONCE = 10_000;

const cursorOf = ({ firstHeardAt, id }: ExternalAlertFacts): string => encodeCursor(KIND, firstHeardAt.getTime(), id);

const placeOf = (cursor: string | undefined): ExternalAlertPlace | null => {
  if (cursor === undefined) return null;
  const [at, id] = decodeCursor(KIND, cursor);
  if (typeof at !== "number" || typeof id !== "string")
    throw new AppError("INVALID_REQUEST", "the cursor does not belong to this list");
  return { firstHeardAt: epochMs(at), id };
};

type Query = Paging & {
  readonly state?: ExternalAlertResource["state"] | undefined;
  readonly service?: string | undefined;
};

/** One page of the alerts that other systems sent, the newest first. */
export const listExternalAlerts = async (database: Database, query: Query): Promise<Listed<ExternalAlertResource>> => {
  assertOneDirection(query);
  const { limit, state = null, service: serviceId = null } = query;
  const [after, before] = [placeOf(query.after), placeOf(query.before)];
  // One more than asked for tells whether there is more in the direction of travel.
  const ask = { state, serviceId, limit: limit + 1, after, before };
  const found = await database.read((db) => readExternalAlertPage(db, ask));
  const hasMore = found.length > limit;
  const alerts = before === null ? found.slice(0, limit) : found.slice(-limit);
  const [first, last] = [alerts[0], alerts.at(-1)];
  const hasNextPage = before === null ? hasMore : true;
  const hasPrevPage = before === null ? after !== null : hasMore;
  return {
    data: alerts.map(externalAlertResource),
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
export const getExternalAlert = async (database: Database, id: string): Promise<ExternalAlertResource> => {
  const facts = await database.read((db) => readExternalAlert(db, id));
  if (facts === null) throw new AppError("NOT_FOUND", "there is no alert with this id");
  return externalAlertResource(facts);
};

/** The alerts of other systems that fire, for answers in the shape of Alertmanager. */
export const firingExternalAlerts = (database: Database): Promise<ExternalAlertFacts[]> =>
  database.read((db) => readFiringExternalAlerts(db, MOST_AT_ONCE));
