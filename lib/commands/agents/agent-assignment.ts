import type { Db } from "#db/database.ts";
import type { AgentKey } from "#db/queries/agents.ts";
import { readConfigDocument } from "#db/queries/config.ts";
import { instantText } from "#lib/contracts/api.ts";
import type { ProbeDefinition } from "#lib/core/definitions.ts";
import type { Opening } from "./location-work.ts";
import { readAgentWork } from "./location-work.ts";

/** What an agent is told to run; `AgentWork` of lib/contracts/ingest.ts with the definitions as we know them. */
export type AgentAssignment = {
  readonly location: { readonly id: string; readonly name: string };
  readonly probes: readonly ProbeDefinition[];
  readonly pageUrl: string | null;
  readonly configuredAt: string;
};

/** The probes and reference checks of an agent's location, with their secrets; null before the first configuration. */
export const readAgentAssignment = async (
  db: Db,
  agent: Pick<AgentKey, "locationId" | "locationName">,
  opening: Opening,
): Promise<AgentAssignment | null> => {
  const document = await readConfigDocument(db);
  if (document === null) return null;
  const work = await readAgentWork(db, agent.locationId, opening);
  return {
    location: { id: agent.locationId, name: agent.locationName },
    probes: work.map(({ definition }) => definition),
    pageUrl: document.page.url,
    configuredAt: instantText(document.updatedAt),
  };
};
