import { createHash } from "node:crypto";
import type { Tx } from "#db/database.ts";
import type { Config } from "#lib/core/definitions.ts";
import { AppError, errorCodeOf } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { applyTemplates } from "./incidents/templates.ts";
import { applyMaintenances } from "./maintenances/apply-maintenances.ts";
import { CONFIG_ACTOR } from "./maintenances/maintenance-parts.ts";

/** Bytes that follow from the configuration and the instant, so that applying it needs no source of randomness. */
const bytesOf = (seed: string) => {
  let asked = 0;
  return (size: number): Buffer => {
    asked += 1;
    return createHash("sha512").update(`${seed}\n${asked}`).digest().subarray(0, size);
  };
};

/**
 * Templates of incidents and maintenances of the file, after its services are written.
 * @throws AppError CONFIG_INVALID for a maintenance whose rule gives nothing or too much.
 */
export const applyDesk = async (
  tx: Tx,
  { config, sha256, now }: { readonly config: Config; readonly sha256: string; readonly now: EpochMs },
): Promise<void> => {
  const author = { actor: CONFIG_ACTOR, now, randomBytes: bytesOf(`${sha256}\n${now}`) };
  try {
    await applyTemplates(tx, config.incidentTemplates ?? [], author);
    await applyMaintenances(tx, config.maintenances ?? [], author);
  } catch (error) {
    if (errorCodeOf(error) !== "INVALID_REQUEST") throw error;
    throw new AppError("CONFIG_INVALID", (error as AppError).detail, { cause: error });
  }
};
