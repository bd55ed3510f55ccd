import {
  changeEndpoint,
  createEndpoint,
  type EndpointWishes,
  type EndpointWorld,
  removeEndpoint,
} from "#lib/commands/endpoints/change-endpoint.ts";
import { shownEndpoint } from "#lib/commands/endpoints/endpoint-facts.ts";
import { replayDelivery, replayEndpoint } from "#lib/commands/endpoints/replay.ts";
import {
  disableEndpoint,
  enableEndpoint,
  rotateEndpointSecret,
  testEndpoint,
} from "#lib/commands/endpoints/run-endpoint.ts";
import type { DELIVERY_OPERATIONS } from "#lib/contracts/operations/deliveries.ts";
import type { ENDPOINT_OPERATIONS } from "#lib/contracts/operations/endpoints.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { getDelivery, listDeliveries } from "#lib/read/deliveries.ts";
import { getEndpoint, listEndpoints } from "#lib/read/endpoints.ts";
import { getEvent, listEvents } from "#lib/read/events.ts";
import type { HandlersOf, WriteContext } from "./types.ts";

const worldOf = ({ tx, now, actor, randomBytes, secretBox }: WriteContext): EndpointWorld => ({
  tx,
  now,
  actor,
  randomBytes,
  secretBox,
  judgeUrl,
});

/** Leaves out what the body leaves out, so that it stays as it is. */
const named = (body: { readonly [Key in keyof EndpointWishes]?: EndpointWishes[Key] | undefined }) =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as Partial<EndpointWishes>;

export const endpointHandlers: HandlersOf<typeof ENDPOINT_OPERATIONS> = {
  listEndpoints: async ({ database, secretBox, clock }, { query }) => ({
    body: await listEndpoints(database, query, (row) => shownEndpoint(secretBox, row, clock.now())),
  }),
  getEndpoint: async ({ database, secretBox, clock }, { params }) => ({
    body: await getEndpoint(database, params.id, (row) => shownEndpoint(secretBox, row, clock.now())),
  }),
  createEndpoint: async (context, { body }) => {
    const made = await createEndpoint(worldOf(context), body);
    return { body: made, location: `/v1/endpoints/${made.id}` };
  },
  changeEndpoint: async (context, { params, body }) => ({
    body: await changeEndpoint(worldOf(context), params.id, named(body)),
  }),
  removeEndpoint: async (context, { params }) => {
    await removeEndpoint(worldOf(context), params.id);
    return { body: null };
  },
  testEndpoint: async (context, { params }) => {
    const delivery = await testEndpoint(worldOf(context), params.id);
    return { body: delivery, location: `/v1/deliveries/${delivery.id}` };
  },
  rotateEndpointSecret: async (context, { params, body }) => ({
    body: await rotateEndpointSecret(worldOf(context), params.id, body.graceHours),
  }),
  enableEndpoint: async (context, { params }) => ({ body: await enableEndpoint(worldOf(context), params.id) }),
  disableEndpoint: async (context, { params, body }) => ({
    body: await disableEndpoint(worldOf(context), params.id, body.reason),
  }),
  replayEndpoint: async (context, { params, body }) => {
    const { from, to = context.now, states } = body;
    const result = await replayEndpoint(context, { id: params.id, from, to, states });
    return { body: result, location: `/v1/deliveries?endpoint=${params.id}&state=pending` };
  },
};

export const deliveryHandlers: HandlersOf<typeof DELIVERY_OPERATIONS> = {
  listEvents: async ({ database, clock }, { query }) => ({ body: await listEvents(database, query, clock.now()) }),
  getEvent: async ({ database, clock }, { params }) => ({ body: await getEvent(database, params.id, clock.now()) }),
  listDeliveries: async ({ database }, { query }) => {
    const { endpoint = null, event = null, state = null, ...paging } = query;
    return { body: await listDeliveries(database, { ...paging, endpoint, event, state }) };
  },
  getDelivery: async ({ database }, { params }) => ({ body: await getDelivery(database, params.id) }),
  replayDelivery: async (context, { params }) => {
    const delivery = await replayDelivery(context, params.id);
    return { body: delivery, location: `/v1/deliveries/${delivery.id}` };
  },
};
