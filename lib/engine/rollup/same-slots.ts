import type { Db } from "#db/database.ts";
import type { SloRow } from "#db/queries/config.ts";
import { readNewestStartedVersion, readSloVersion } from "#db/queries/sli-hours.ts";
import type { SloDefinition } from "#lib/core/definitions.ts";
import { eventSliOf } from "#lib/core/slo/definition.ts";

/** What of an SLI decides about single slots: how slices are judged is worked out from the same minutes. */
const slotSli = ({ sli }: SloDefinition): unknown =>
  sli.kind === "component" || sli.kind === "promql" ? sli : eventSliOf(sli);

const weightsText = ({ combine }: SloDefinition): string =>
  combine?.kind === "weighted"
    ? JSON.stringify(Object.entries(combine.weights).sort(([a], [b]) => (a < b ? -1 : 1)))
    : (combine?.kind ?? "sum");

/** All that the minutes of an SLO depend on beside its probes' runs. */
const slotText = (definition: SloDefinition): string =>
  JSON.stringify([
    slotSli(definition),
    [...definition.probes].sort(),
    definition.locations === undefined ? null : [...definition.locations].sort(),
    definition.count ?? "slots",
    weightsText(definition),
  ]);

/** Whether two definitions count the same slots, so that their minutes are the same. */
export const countsTheSame = (a: SloDefinition, b: SloDefinition): boolean => slotText(a) === slotText(b);

/** The newest older version with hours whose minutes the SLO may take over as they are; null when it counts others. */
export const findSameVersion = async (db: Db, slo: SloRow): Promise<number | null> => {
  const version = await readNewestStartedVersion(db, { sloId: slo.id, version: slo.version });
  if (version === null) return null;
  const text = await readSloVersion(db, { sloId: slo.id, version });
  return text !== null && countsTheSame(JSON.parse(text) as SloDefinition, slo.definition) ? version : null;
};
