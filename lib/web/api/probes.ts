import { runProbeNow } from "#lib/commands/run-probe-now.ts";
import type { PROBE_OPERATIONS } from "#lib/contracts/operations/probes.ts";
import { trialResource } from "#lib/contracts/probe-trial.ts";
import { actorOf } from "#lib/core/access/authorise.ts";
import { AppError } from "#lib/core/errors.ts";
import { getProbe, listParts, listProbes } from "#lib/read/probes.ts";
import { listRuns } from "#lib/read/runs.ts";
import type { HandlersOf } from "./types.ts";

const notHere = (): never => {
  throw new AppError("NOT_READY", "this instance runs no checks");
};

export const probeHandlers: HandlersOf<typeof PROBE_OPERATIONS> = {
  listProbes: async ({ database }, { query, viewer }) => ({ body: await listProbes(database, query, viewer) }),
  getProbe: async ({ database }, { params, viewer }) => ({ body: await getProbe(database, params.id, viewer) }),
  listParts: async ({ database }, { params, query, viewer }) => ({
    body: await listParts(database, params.id, query, viewer),
  }),
  runProbe: async ({ database, secretBox, clock, runProbe = notHere }, { params, principal }) => {
    const now = clock.now();
    const ask = { probeId: params.id, actor: actorOf(principal), now };
    const trial = await runProbeNow({ database, secretBox, run: runProbe }, ask);
    return { body: trialResource(params.id, now, trial) };
  },
  listRuns: async ({ database }, { query, viewer }) => ({ body: await listRuns(database, query, viewer) }),
};
