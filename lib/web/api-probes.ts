import type { PROBE_OPERATIONS } from "#lib/contracts/operations/probes.ts";
import { getProbe, listParts, listProbes } from "#lib/read/probes.ts";
import { listRuns } from "#lib/read/runs.ts";
import type { HandlersOf } from "./api-types.ts";

export const probeHandlers: HandlersOf<typeof PROBE_OPERATIONS> = {
  listProbes: async ({ database }, { query, viewer }) => ({ body: await listProbes(database, query, viewer) }),
  getProbe: async ({ database }, { params, viewer }) => ({ body: await getProbe(database, params.id, viewer) }),
  listParts: async ({ database }, { params, query, viewer }) => ({
    body: await listParts(database, params.id, query, viewer),
  }),
  listRuns: async ({ database }, { query, viewer }) => ({ body: await listRuns(database, query, viewer) }),
};
