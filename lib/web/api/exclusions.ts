import type { ExclusionToAdd } from "#lib/commands/exclusions/add-exclusion.ts";
import { addExclusion } from "#lib/commands/exclusions/add-exclusion.ts";
import { approveExclusion, revokeExclusion } from "#lib/commands/exclusions/settle-exclusion.ts";
import type { EXCLUSION_OPERATIONS } from "#lib/contracts/operations/exclusions.ts";
import type { Principal } from "#lib/core/access/authorise.ts";
import { actorOf } from "#lib/core/access/authorise.ts";
import { getExclusion, listExclusions } from "#lib/read/exclusions.ts";
import type { HandlersOf } from "./types.ts";

/** Who answers for a correction: the name for people, the id because names may be alike. */
export const authorOf = (principal: Principal): string =>
  principal.kind !== "anonymous" ? `${principal.name} (${actorOf(principal)})` : actorOf(principal);

type ScopeFields = Readonly<Record<"sloId" | "serviceId" | "probeId", string | undefined>>;

/** The body has exactly one of them. */
const scopeOf = ({ sloId, serviceId, probeId }: ScopeFields): ExclusionToAdd["scope"] => {
  if (sloId !== undefined) return { sloId };
  return serviceId === undefined ? { probeId: probeId ?? "" } : { serviceId };
};

export const exclusionHandlers: HandlersOf<typeof EXCLUSION_OPERATIONS> = {
  listExclusions: async ({ database }, { query }) => ({ body: await listExclusions(database, query) }),
  getExclusion: async ({ database }, { params }) => ({ body: await getExclusion(database, params.id) }),
  createExclusion: async ({ tx, now, actor, randomBytes }, { principal, body }) => {
    const { sloId, serviceId, probeId, ...rest } = body;
    const scope = scopeOf({ sloId, serviceId, probeId });
    const made = await addExclusion(tx, { ...rest, scope, author: authorOf(principal), actor, now, randomBytes });
    return { body: made, location: `/v1/exclusions/${made.id}` };
  },
  approveExclusion: async ({ tx, now, actor }, { principal, params }) => ({
    body: await approveExclusion(tx, { id: params.id, by: authorOf(principal), actor, now }),
  }),
  revokeExclusion: async ({ tx, now, actor }, { principal, params }) => ({
    body: await revokeExclusion(tx, { id: params.id, by: authorOf(principal), actor, now }),
  }),
};
