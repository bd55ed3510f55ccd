import type { Db } from "#db/database.ts";
import type { SloRow } from "#db/queries/config.ts";
import { readNewestStartedVersion, readSloVersion } from "#db/queries/sli-hours.ts";
import type { SloDefinition } from "#lib/core/definitions.ts";

/** Whether two definitions count the same slots, so that their minutes are the same. */
export const countsTheSame = (a: SloDefinition, b: SloDefinition): boolean =>
  JSON.stringify(a.sli) === JSON.stringify(b.sli) &&
  JSON.stringify([...a.probes].sort()) === JSON.stringify([...b.probes].sort());

/** The newest older version with hours whose minutes the SLO may take over as they are; null when it counts others. */
export const findSameVersion = async (db: Db, slo: SloRow): Promise<number | null> => {
  const version = await readNewestStartedVersion(db, { sloId: slo.id, version: slo.version });
  if (version === null) return null;
  const text = await readSloVersion(db, { sloId: slo.id, version });
  return text !== null && countsTheSame(JSON.parse(text) as SloDefinition, slo.definition) ? version : null;
};
