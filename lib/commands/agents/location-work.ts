import type { Db } from "#db/database.ts";
import { readAgentLocations } from "#db/queries/agents.ts";
import { readActiveProbes, readConfigVersion, readLocations } from "#db/queries/config.ts";
import { openProbe } from "#lib/commands/sealed-probe.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import type { ProbeDefinition } from "#lib/core/definitions.ts";
import { referenceProbe } from "#lib/core/location/reference-probe.ts";

/** A probe, or a reference check in the form of one, and the location that it is run for. */
export type LocationProbe = { readonly definition: ProbeDefinition; readonly locationId: string };

/** Answered by the engine from what was pushed to us: nothing that anybody could look at. */
const isInbound = ({ type }: ProbeDefinition): boolean => type === "heartbeat";

/** How secrets are opened, and who is told of a probe whose secrets cannot be: it is left out, so that it is never run without them. */
export type Opening = { readonly secretBox: SecretBox; readonly onClosed: (probeId: string) => void };

const ownProbes = async (
  db: Db,
  locationId: string | null,
  { secretBox, onClosed }: Opening,
): Promise<LocationProbe[]> => {
  const active = await readActiveProbes(db, locationId === null ? null : [locationId]);
  return active.flatMap((probe) => {
    if (isInbound(probe.definition)) return [];
    const definition = openProbe(secretBox, probe);
    if (definition === null) {
      onClosed(probe.definition.id);
      return [];
    }
    return definition.locations
      .filter((id) => locationId === null || id === locationId)
      .map((id) => ({ definition, locationId: id }));
  });
};

const referencesOf = async (db: Db, isWanted: (locationId: string) => boolean): Promise<LocationProbe[]> =>
  (await readLocations(db))
    .filter(({ id }) => isWanted(id))
    .flatMap(({ id, referenceChecks }) =>
      referenceChecks.map((check) => ({ definition: referenceProbe(check, id), locationId: id })),
    );

/** What the agent of a location runs: its probes and its reference checks. Definitions hold their secrets. */
export const readAgentWork = async (db: Db, locationId: string, opening: Opening): Promise<LocationProbe[]> => [
  ...(await ownProbes(db, locationId, opening)),
  ...(await referencesOf(db, (id) => id === locationId)),
];

/** What the probe role of this installation runs: all locations without a key in force. */
export const readLocalWork = async (db: Db, opening: Opening): Promise<LocationProbe[]> => {
  const remote = new Set((await readAgentLocations(db)).map(({ locationId }) => locationId));
  const isLocal = (locationId: string): boolean => !remote.has(locationId);
  const probes = await ownProbes(db, null, opening);
  return [...probes.filter(({ locationId }) => isLocal(locationId)), ...(await referencesOf(db, isLocal))];
};

/** Changes whenever the answer of `readLocalWork` may: the configuration's version and who runs where. Cheap: poll it. */
export const readWorkMark = async (db: Db): Promise<string> => {
  const version = await readConfigVersion(db);
  const remote = await readAgentLocations(db);
  return `${version} ${remote.map(({ locationNo }) => locationNo).join(",")}`;
};
