import type { Database, Tx } from "#db/database.ts";
import { readActiveProbes, readLocations, readServices, readSlos } from "#db/queries/config.ts";
import type { ConfigVersionRow } from "#db/queries/config-versions.ts";
import { readConfigVersions, readHandMade } from "#db/queries/config-versions.ts";
import { readEndpoints } from "#db/queries/endpoints.ts";
import { readSnapshot } from "#db/queries/snapshots.ts";
import { instantText, type ServiceResource, type SloResource } from "#lib/contracts/api.ts";
import type { ConfigResource, ConfigVersionResource } from "#lib/contracts/configured.ts";
import type { ProbeResource } from "#lib/contracts/probes.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Listed, Paging } from "./pagination.ts";
import { assertOneDirection, decodeCursor, encodeCursor, foreignCursor, pageOf } from "./pagination.ts";
import { getProbe } from "./probes.ts";
import { getService } from "./services.ts";
import { getSlo } from "./slos.ts";

const KIND = "config-versions";

const versionResource = (row: ConfigVersionRow): ConfigVersionResource => ({
  id: row.version.toString(),
  actor: row.actor,
  sha256: row.sha256,
  changes: row.changes as ConfigVersionResource["changes"],
  appliedAt: instantText(row.appliedAt),
});

/** @throws AppError INVALID_REQUEST */
const placeOf = (cursor: string | undefined): bigint | null => {
  if (cursor === undefined) return null;
  const [version] = decodeCursor(KIND, cursor);
  if (typeof version !== "string" || !/^\d{1,18}$/.test(version)) throw foreignCursor();
  return BigInt(version);
};

/** One page of the versions, the newest first. @throws AppError INVALID_REQUEST for a cursor of another list */
export const listConfigVersions = async (database: Database, query: Paging): Promise<Listed<ConfigVersionResource>> => {
  assertOneDirection(query);
  const [after, before] = [placeOf(query.after), placeOf(query.before)];
  const found = await database.read((db) =>
    readConfigVersions(db, { beyond: after ?? before, isUpward: before !== null, limit: query.limit + 1 }),
  );
  return pageOf(
    before === null ? found : found.toReversed(),
    { limit: query.limit, after, before },
    { cursorOf: ({ version }) => encodeCursor(KIND, version.toString()), resourceOf: versionResource },
  );
};

/** The configuration in force, and what of it does not stand in the file. @throws AppError NOT_READY before the first */
export const getConfig = (database: Database): Promise<ConfigResource> =>
  database.read(async (db) => {
    const [newest] = await readConfigVersions(db, { beyond: null, isUpward: false, limit: 1 });
    if (newest === undefined) throw new AppError("NOT_READY", "no configuration was applied yet");
    const [locations, services, probes, slos, endpoints, byHand] = await Promise.all([
      readLocations(db),
      readServices(db),
      readActiveProbes(db, null),
      readSlos(db),
      readEndpoints(db),
      readHandMade(db),
    ]);
    return {
      version: newest.version.toString(),
      sha256: newest.sha256,
      actor: newest.actor,
      appliedAt: instantText(newest.appliedAt),
      counts: {
        locations: locations.length,
        services: services.length,
        probes: probes.length,
        slos: slos.length,
        endpoints: endpoints.length,
      },
      drift: {
        services: [...byHand.services],
        probes: [...byHand.probes],
        slos: [...byHand.slos],
        endpoints: endpoints.filter(({ managedBy }) => managedBy === "api").map(({ id }) => id),
      },
    };
  });

const readerIn = (tx: Tx): Pick<Database, "read"> => ({ read: (work) => work(tx) });

/** Resources as they stand inside of the transaction that has just written them. */
export const writtenService = async (tx: Tx, id: string): Promise<ServiceResource> =>
  getService(readerIn(tx), await readSnapshot(tx, 0), id);

/** A probe as it stands within the transaction that has just written it. */
export const writtenProbe = (tx: Tx, id: string): Promise<ProbeResource> =>
  getProbe(readerIn(tx), id, { isSignedIn: true });

/** An SLO as it stands within the transaction that has just written it. */
export const writtenSlo = (tx: Tx, id: string, now: EpochMs): Promise<SloResource> => getSlo(readerIn(tx), id, now);
