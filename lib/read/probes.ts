import type { Database, Db } from "#db/database.ts";
import type { ProbeListing } from "#db/queries/config.ts";
import { readProbeListings } from "#db/queries/config.ts";
import { readMetricsProbe } from "#db/queries/metrics.ts";
import type { PartIdentity, PartState } from "#db/queries/parts.ts";
import { countParts, readPartStates, readParts } from "#db/queries/parts.ts";
import { instantText } from "#lib/contracts/api.ts";
import type { PartResource, ProbeResource } from "#lib/contracts/probes.ts";
import { formatDuration } from "#lib/core/duration.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Vote } from "#lib/core/outcome.ts";
import { withoutSecrets } from "#lib/core/without-secrets.ts";
import type { MemoryQuery, PageFor } from "./memory-list.ts";
import { listInMemory } from "./memory-list.ts";

/** Who asks: what targets say, and where they are, is for people who are signed in. */
export type Viewer = { readonly isSignedIn: boolean };

const DEADLINE_MS = 5_000;
const BADNESS: Readonly<Record<Vote, number>> = { bad: 2, none: 1, good: 0 };

const probeResource = (probe: ProbeListing, partCount: number, viewer: Viewer): ProbeResource => {
  const { id, type, intervalMs, timeoutMs, locations } = probe.definition;
  return {
    id,
    serviceId: probe.serviceId,
    type,
    interval: formatDuration(intervalMs),
    timeout: formatDuration(timeoutMs),
    locations: [...locations],
    managedBy: probe.managedBy,
    version: probe.version,
    partCount,
    definition: viewer.isSignedIn ? withoutSecrets(probe.definition) : null,
    createdAt: instantText(probe.createdAt),
    updatedAt: instantText(probe.activeFrom),
  };
};

const withPartCounts = async (db: Db, probes: readonly ProbeListing[], viewer: Viewer): Promise<ProbeResource[]> => {
  const counts = await countParts(
    db,
    probes.map(({ no }) => no),
  );
  return probes.map((probe) => probeResource(probe, counts.get(probe.no) ?? 0, viewer));
};

/** One page of the probes in force, in the order of the file unless `sort` says another. @throws AppError INVALID_REQUEST */
export const listProbes = (
  database: Database,
  query: MemoryQuery & { serviceId?: string | undefined },
  viewer: Viewer,
): Promise<PageFor<MemoryQuery, ProbeResource>> =>
  database.read(async (db) => {
    const all = (await readProbeListings(db))
      .filter(({ serviceId }) => query.serviceId === undefined || serviceId === query.serviceId)
      .map((probe) => ({
        ...probe,
        id: probe.definition.id,
        type: probe.definition.type,
        updatedAt: probe.activeFrom,
      }));
    const page = listInMemory(all, query, {
      kind: "probes",
      textsOf: ({ id, serviceId, type }) => [id, serviceId, type],
      createdAtOf: ({ createdAt }) => createdAt,
    });
    return { ...page, data: await withPartCounts(db, page.data, viewer) };
  });

/** @throws AppError NOT_FOUND */
export const getProbe = (database: Pick<Database, "read">, id: string, viewer: Viewer): Promise<ProbeResource> =>
  database.read(async (db) => {
    const own = (await readProbeListings(db)).filter(({ definition }) => definition.id === id);
    const [probe] = await withPartCounts(db, own, viewer);
    if (probe === undefined) throw new AppError("NOT_FOUND", "there is no probe with this id");
    return probe;
  });

const partResource = (part: PartIdentity, states: readonly PartState[], viewer: Viewer): PartResource => {
  const worst = states.reduce<PartState | null>(
    (found, one) => (found === null || BADNESS[one.vote] > BADNESS[found.vote] ? one : found),
    null,
  );
  return {
    key: part.key,
    name: part.name,
    class: worst?.class ?? null,
    vote: worst?.vote ?? null,
    since: worst === null ? null : instantText(worst.since),
    locations: states.map((state) => ({
      locationId: state.locationId,
      class: state.class,
      vote: state.vote,
      since: instantText(state.since),
      at: instantText(state.at),
      httpStatus: state.httpStatus,
      durationMs: state.durationUs / 1_000,
      detail: viewer.isSignedIn ? state.detail : null,
    })),
    createdAt: instantText(part.createdAt),
  };
};

/** One page of the parts of a probe, by key: what each is now at each location, and since when. @throws AppError NOT_FOUND */
export const listParts = (
  database: Database,
  probeId: string,
  query: MemoryQuery,
  viewer: Viewer,
): Promise<PageFor<MemoryQuery, PartResource>> =>
  database.read(
    async (db) => {
      const probe = await readMetricsProbe(db, probeId);
      if (probe === null) throw new AppError("NOT_FOUND", "there is no probe with this id");
      const parts = (await readParts(db, probe.no)).map((part) => ({ ...part, id: part.key }));
      const page = listInMemory(parts, query, {
        kind: "parts",
        textsOf: ({ key, name }) => [key, name],
        createdAtOf: ({ createdAt }) => createdAt,
      });
      const states = await readPartStates(db, {
        partNos: page.data.map(({ no }) => no),
        locationNos: probe.locations.map(({ no }) => no),
      });
      const ofPart = (no: number) => states.filter(({ partNo }) => partNo === no);
      return { ...page, data: page.data.map((part) => partResource(part, ofPart(part.no), viewer)) };
    },
    { deadlineMs: DEADLINE_MS },
  );
