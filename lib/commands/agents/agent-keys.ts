import type { Database } from "#db/database.ts";
import { insertAgentKey, readAgentKey, revokeAgentKey } from "#db/queries/agents.ts";
import { insertAudit } from "#db/queries/audit.ts";
import { readLocations } from "#db/queries/config.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { readPublicJwk } from "./agent-jwk.ts";

type Author = { readonly actor: string; readonly now: EpochMs };

/**
 * Registers the public key of a location's agent. From then on that location is run by its agent and not by the probe
 * role. Registering the same key again for the same location changes nothing.
 * @throws AppError NOT_FOUND without such a location, INVALID_REQUEST for the key, CONFLICT when the key is revoked or of
 * another location.
 */
export const addAgentKey = async (
  database: Database,
  args: Author & { locationId: string; jwk: string },
): Promise<{ kid: string; locationId: string }> => {
  const { kid, jwk } = await readPublicJwk(args.jwk);
  await database.transaction(async (tx) => {
    const location = (await readLocations(tx)).find(({ id }) => id === args.locationId);
    if (location === undefined)
      throw new AppError("NOT_FOUND", `the configuration in force has no location "${args.locationId}"`);
    if (!(await insertAgentKey(tx, { kid, locationNo: location.no, jwk: JSON.stringify(jwk) }))) {
      const known = await readAgentKey(tx, kid);
      if (known?.isRevoked === true)
        throw new AppError("CONFLICT", `the key ${kid} was revoked; remove the agent's data folder to make a new one`);
      if (known?.locationNo !== location.no)
        throw new AppError("CONFLICT", `the key ${kid} is registered for the location "${known?.locationId}"`);
      return;
    }
    await insertAudit(tx, {
      at: args.now,
      actor: args.actor,
      action: "agent_key.added",
      subject: `location/${args.locationId}`,
      before: null,
      after: { kid, location: args.locationId },
    });
  });
  return { kid, locationId: args.locationId };
};

/**
 * Revokes a key for good: its agent is refused from the next request on. A location without any other key is run by the
 * probe role again. @throws AppError NOT_FOUND when there is no such key in force.
 */
export const revokeAgent = async (database: Database, args: Author & { kid: string }): Promise<void> => {
  await database.transaction(async (tx) => {
    const known = await readAgentKey(tx, args.kid);
    if (known === null || !(await revokeAgentKey(tx, { kid: args.kid, now: args.now })))
      throw new AppError("NOT_FOUND", `there is no key ${args.kid} in force ("key list" shows them)`);
    await insertAudit(tx, {
      at: args.now,
      actor: args.actor,
      action: "agent_key.revoked",
      subject: `location/${known.locationId}`,
      before: { kid: args.kid, location: known.locationId },
      after: null,
    });
  });
};
