import type { Database } from "#db/database.ts";
import { readExclusion, readNewestExclusions } from "#db/queries/exclusions.ts";
import { readMaintenanceIds } from "#db/queries/maintenances.ts";
import type { ExclusionResource } from "#lib/contracts/exclusions.ts";
import { exclusionResource } from "#lib/contracts/exclusions.ts";
import { AppError } from "#lib/core/errors.ts";
import { epochMs } from "#lib/core/units.ts";
import type { MemoryQuery, PageFor } from "./memory-list.ts";
import { listInMemory } from "./memory-list.ts";

const FILTERS = ["state", "kind", "sloId", "serviceId", "probeId"] as const;
type ExclusionQuery = MemoryQuery & {
  readonly [F in (typeof FILTERS)[number]]?: ExclusionResource[F] | undefined;
};

/** One page of all exclusions that match, revoked ones too, the newest first. */
export const listExclusions = (
  database: Database,
  query: ExclusionQuery,
): Promise<PageFor<MemoryQuery, ExclusionResource>> =>
  database.read(async (db) => {
    const rows = await readNewestExclusions(db, epochMs(0));
    const matching = rows
      .map((row) => exclusionResource(row, null))
      .filter((resource) => FILTERS.every((name) => query[name] === undefined || query[name] === resource[name]));
    const page = listInMemory(matching, query, {
      kind: "exclusions",
      textsOf: ({ id, sloId, serviceId, probeId, author, reason }) => [id, sloId, serviceId, probeId, author, reason],
      createdAtOf: ({ createdAt }) => createdAt,
    });
    const maintenanceIds = await readMaintenanceIds(
      db,
      page.data.map(({ id }) => id),
    );
    return { ...page, data: page.data.map((one) => ({ ...one, maintenanceId: maintenanceIds.get(one.id) ?? null })) };
  });

/** @throws AppError NOT_FOUND */
export const getExclusion = (database: Database, id: string): Promise<ExclusionResource> =>
  database.read(async (db) => {
    const row = await readExclusion(db, id);
    if (row === null) throw new AppError("NOT_FOUND", "there is no exclusion with this id");
    return exclusionResource(row, (await readMaintenanceIds(db, [id])).get(id) ?? null);
  });
