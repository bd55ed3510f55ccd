import type { READ_OPERATIONS } from "#lib/contracts/operations/reads.ts";
import { getAlert, listAlerts } from "#lib/read/alerts.ts";
import { getMeta } from "#lib/read/meta.ts";
import { getMetrics } from "#lib/read/metrics.ts";
import { getService, listServices } from "#lib/read/services.ts";
import { getSlo, listSlos } from "#lib/read/slos.ts";
import type { HandlersOf } from "./types.ts";

export const readHandlers: HandlersOf<typeof READ_OPERATIONS> = {
  listServices: async ({ database, snapshot }, { query }) => ({
    body: await listServices(database, snapshot(), query),
  }),
  getService: async ({ database, snapshot }, { params }) => {
    const body = await getService(database, snapshot(), params.id);
    return {
      body,
      lastModifiedMs: Math.max(Date.parse(body.updatedAt), Date.parse(body.stateSince ?? body.updatedAt)),
    };
  },
  listSlos: async ({ database, clock }, { query }) => ({ body: await listSlos(database, query, clock.now()) }),
  getSlo: async ({ database, clock }, { params }) => ({ body: await getSlo(database, params.id, clock.now()) }),
  listAlerts: async ({ database }, { query }) => {
    const { state = null, severity = null, sloId = null, serviceId = null, q = null, createdAfter = null } = query;
    const { limit, after, before, sort } = query;
    const filter = { state, severity, sloId, serviceId, q, createdAfter };
    return { body: await listAlerts(database, { limit, after, before, sort, ...filter }) };
  },
  getAlert: async ({ database }, { params }) => ({ body: await getAlert(database, params.id) }),
  getMetrics: async ({ database, clock }, { query }) => ({
    body: await getMetrics(database, { ...query, totals: query.totals === "true" }, clock.now()),
  }),
  getMeta: async ({ database, snapshot, version, clock, gate }) => ({
    body: await getMeta(database, {
      ...{ snapshot: snapshot(), version, now: clock.now(), rateLimit: gate.rateLimit },
    }),
  }),
};
