import { setRateTier } from "#lib/commands/api-keys/set-rate-tier.ts";
import type { PLATFORM_OPERATIONS } from "#lib/contracts/operations/platform.ts";
import { getBudget, listBudgets } from "#lib/read/budgets.ts";
import type { LiveEvent } from "#lib/read/live-events.ts";
import { listLocations } from "#lib/read/locations.ts";
import { loadServices } from "#lib/read/services.ts";
import type { Exchange } from "../http/exchange.ts";
import { mayGoOn } from "./caller.ts";
import type { ApiContext, HandlersOf } from "./types.ts";

/** What a stream tells when nothing else is asked for: states, alerts, incidents, planned work and budgets. */
const USUAL = /^(?:alert|incident|component|maintenance|slo)\./;

type LiveQuery = { readonly type?: string | undefined; readonly serviceId?: string | undefined };

const wantsOf = ({ type, serviceId }: LiveQuery): ((event: LiveEvent) => boolean) => {
  const types = type === undefined ? null : new Set(type.split(","));
  const services = serviceId === undefined ? null : new Set(serviceId.split(","));
  return (event) =>
    (types === null ? USUAL.test(event.type) : types.has(event.type)) &&
    (services === null || event.serviceIds.some((id) => services.has(id)));
};

/** The states of the services as they are now, so that a reader knows what later changes are changes of. */
const openingOf = async ({ database, snapshot }: ApiContext, { serviceId }: LiveQuery): Promise<string> => {
  const wanted = serviceId?.split(",");
  const services = (await loadServices(database, snapshot())).filter(({ id }) => wanted?.includes(id) !== false);
  const states = services.map(({ id, name, state, measuredState, stateSince }) => ({
    ...{ id, name, state, measuredState, stateSince },
  }));
  return `event: services\ndata: ${JSON.stringify({ services: states })}\n\n`;
};

const lastIdOf = ({ req }: Exchange): string | null => {
  const id = req.headers["last-event-id"];
  return typeof id === "string" && /^evt_[0-9a-f]{1,64}$/.test(id) ? id : null;
};

export const platformHandlers: HandlersOf<typeof PLATFORM_OPERATIONS> = {
  listBudgets: async ({ database, clock }, { query }) => ({ body: await listBudgets(database, query, clock.now()) }),
  getBudget: async ({ database, clock }, { params }) => ({ body: await getBudget(database, params.id, clock.now()) }),
  listLocations: async ({ database }, { query }) => ({ body: await listLocations(database, query) }),
  getLive: async (context, { principal, query }) => {
    const opening = await openingOf(context, query);
    return {
      body: null,
      stream: (exchange) =>
        context.live.open(exchange, {
          callerId: principal.kind === "anonymous" ? "anonymous" : `${principal.kind}:${principal.id}`,
          wants: wantsOf(query),
          lastEventId: lastIdOf(exchange),
          opening,
          isAllowed: () => mayGoOn(context, { scope: "events:read" }, exchange.req),
        }),
    };
  },
  setKeyTier: async ({ tx, now, actor }, { params, body }) => ({
    body: await setRateTier(tx, { keyId: params.id, tier: body.tier, actor, now }),
  }),
};
