import type { Database } from "#db/database.ts";
import { readExclusion, readNewestExclusions } from "#db/queries/exclusions.ts";
import { readMaintenanceIds } from "#db/queries/maintenances.ts";
import type { ExclusionResource } from "#lib/contracts/exclusions.ts";
import { exclusionResource } from "#lib/contracts/exclusions.ts";
import { AppError } from "#lib/core/errors.ts";
import { epochMs } from "#lib/core/units.ts";
import type { Listed, Paging } from "./pagination.ts";
import { paginate } from "./pagination.ts";

const FILTERS = ["state", "kind", "sloId", "serviceId", "probeId"] as const;
type ExclusionQuery = Paging & {
  readonly [F in (typeof FILTERS)[number]]?: ExclusionResource[F] | undefined;
};

/** One page of all exclusions that match, revoked ones too, the newest first. */
export const listExclusions = (database: Database, query: ExclusionQuery): Promise<Listed<ExclusionResource>> =>
  database.read(async (db) => {
    const rows = await readNewestExclusions(db, epochMs(0));
    const matching = rows.filter((row) => {
      const resource = exclusionResource(row, null);
      return FILTERS.every((name) => query[name] === undefined || query[name] === resource[name]);
    });
    const { data, pagination } = paginate("exclusions", matching, query);
    const maintenanceIds = await readMaintenanceIds(
      db,
      data.map(({ id }) => id),
    );
    return { data: data.map((row) => exclusionResource(row, maintenanceIds.get(row.id) ?? null)), pagination };
  });

/** @throws AppError NOT_FOUND */
export const getExclusion = (database: Database, id: string): Promise<ExclusionResource> =>
  database.read(async (db) => {
    const row = await readExclusion(db, id);
    if (row === null) throw new AppError("NOT_FOUND", "there is no exclusion with this id");
    return exclusionResource(row, (await readMaintenanceIds(db, [id])).get(id) ?? null);
  });
