import type { Database } from "#db/database.ts";
import { readIncidentTemplates } from "#db/queries/incident-templates.ts";
import type { IncidentFilter } from "#db/queries/incidents.ts";
import { incidentColumns, readIncident, readIncidentPage, readSortedIncidents } from "#db/queries/incidents.ts";
import type { KeysetPage } from "#db/queries/keyset.ts";
import { incidentResource } from "#lib/contracts/incident-resource.ts";
import type { IncidentResource, IncidentTemplateResource } from "#lib/contracts/incidents.ts";
import type { SortKey } from "#lib/contracts/operations/operation.ts";
import { instantText } from "#lib/contracts/values.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { MemoryQuery, PageFor } from "./memory-list.ts";
import { listInMemory } from "./memory-list.ts";
import type { Listed, Paging } from "./pagination.ts";
import { assertOneDirection, encodeCursor, pageOf, placeInTime } from "./pagination.ts";
import { keysetListed, sortedKind } from "./sorting.ts";

export type IncidentQuery = Paging & {
  readonly status?: IncidentFilter["status"] | undefined;
  readonly publication?: IncidentFilter["publication"] | undefined;
  readonly open?: "true" | "false" | undefined;
  readonly service?: string | undefined;
  readonly createdAfter?: EpochMs | undefined;
  readonly q?: string | undefined;
  readonly sort?: readonly SortKey[] | undefined;
};

const KIND = "incidents";
const WHOLE = { withPlanned: true };

const listSorted = (
  database: Database,
  { filter, query, sort }: { filter: IncidentFilter; query: Paging; sort: readonly SortKey[] },
): Promise<Listed<IncidentResource>> =>
  database.read((db) => {
    const columns = incidentColumns(db, sort);
    const read = (page: KeysetPage) => readSortedIncidents(db, { filter, columns, page });
    return keysetListed({ kind: sortedKind(KIND, sort), paging: query, columns, read }, (rows) =>
      rows.map((incident) => incidentResource(incident, WHOLE)),
    );
  });

/** One page of incidents and drafts that match, the newest by their start first unless `sort` says another order. @throws AppError INVALID_REQUEST */
export const listIncidents = async (database: Database, query: IncidentQuery): Promise<Listed<IncidentResource>> => {
  const filter: IncidentFilter = {
    status: query.status ?? null,
    publication: query.publication ?? null,
    isOpen: query.open === undefined ? null : query.open === "true",
    serviceId: query.service ?? null,
    createdAfter: query.createdAfter ?? null,
    q: query.q ?? null,
  };
  if (query.sort !== undefined) return listSorted(database, { filter, query, sort: query.sort });
  assertOneDirection(query);
  const after = placeInTime(KIND, query.after);
  const before = placeInTime(KIND, query.before);
  const found = await database.read((db) => readIncidentPage(db, { filter, limit: query.limit + 1, after, before }));
  return pageOf(
    found,
    { limit: query.limit, after, before },
    {
      cursorOf: (incident) => encodeCursor(KIND, incident.startedAt, incident.id),
      resourceOf: (incident) => incidentResource(incident, WHOLE),
    },
  );
};

/** @throws AppError NOT_FOUND */
export const getIncident = async (database: Database, id: string): Promise<IncidentResource> => {
  const incident = await database.read((db) => readIncident(db, id));
  if (incident === null) throw new AppError("NOT_FOUND", "there is no incident with this id");
  return incidentResource(incident, WHOLE);
};

const readTemplates = async (database: Database, id: string | null): Promise<IncidentTemplateResource[]> =>
  (await database.read((db) => readIncidentTemplates(db, id))).map((template) => ({
    ...template,
    createdAt: instantText(template.createdAt),
    updatedAt: instantText(template.updatedAt),
  }));

/** One page of the templates, by name unless `sort` says another order. @throws AppError INVALID_REQUEST */
export const listIncidentTemplates = async <Query extends MemoryQuery>(
  database: Database,
  query: Query,
): Promise<PageFor<Query, IncidentTemplateResource>> =>
  listInMemory(await readTemplates(database, null), query, {
    kind: "incident-templates",
    textsOf: ({ id, name, title }) => [id, name, title],
    createdAtOf: ({ createdAt }) => createdAt,
  });

/** @throws AppError NOT_FOUND */
export const getIncidentTemplate = async (database: Database, id: string): Promise<IncidentTemplateResource> => {
  const [template] = await readTemplates(database, id);
  if (template === undefined) throw new AppError("NOT_FOUND", "there is no template with this id");
  return template;
};
