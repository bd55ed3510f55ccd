import type { AdminWorld } from "#lib/commands/subscribers/change-subscriber.ts";
import {
  addSubscriber,
  changeSubscriber,
  noteBounce,
  removeSubscriber,
} from "#lib/commands/subscribers/change-subscriber.ts";
import { subscriberResource } from "#lib/commands/subscribers/subscriber-facts.ts";
import type { SUBSCRIBER_OPERATIONS } from "#lib/contracts/operations/subscribers.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { getSubscriber, listSubscribers, subscriberCounts, subscribersCsv } from "#lib/read/subscribers.ts";
import type { HandlersOf, WriteContext } from "./types.ts";

const worldOf = ({ tx, now, actor, randomBytes, secretBox }: WriteContext): AdminWorld => ({
  ...{ tx, now, actor, randomBytes, secretBox, judgeUrl },
});

/** Without the keys that the body leaves out, so that those stay as they are. */
const named = <Body extends object>(body: Body) =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Body]: Exclude<Body[Key], undefined>;
  };

type Facts = Parameters<typeof subscriberResource>;

const shownBy = (box: Facts[0]) => (row: Facts[1]) => subscriberResource(box, row);

export const subscriberHandlers: HandlersOf<typeof SUBSCRIBER_OPERATIONS> = {
  listSubscribers: async ({ database, secretBox }, { query }) => ({
    body: await listSubscribers(database, query, shownBy(secretBox)),
  }),
  countSubscribers: async ({ database }) => ({ body: { data: await subscriberCounts(database) } }),
  exportSubscribers: async ({ database, secretBox }) => {
    const body = await subscribersCsv(database, shownBy(secretBox));
    return { body: null, file: { contentType: "text/csv; charset=utf-8", body, name: "subscribers.csv" } };
  },
  getSubscriber: async ({ database, secretBox }, { params }) => ({
    body: await getSubscriber(database, params.id, shownBy(secretBox)),
  }),
  createSubscriber: async (context, { body }) => {
    const { skipConfirmation: skipsConfirmation, ...wanted } = body;
    const asked = { ...wanted, incidentId: null, contact: null, skipsConfirmation };
    const made = await addSubscriber(worldOf(context), asked);
    return { body: subscriberResource(context.secretBox, made), location: `/v1/subscribers/${made.id}` };
  },
  changeSubscriber: async (context, { params, body }) => ({
    body: subscriberResource(context.secretBox, await changeSubscriber(worldOf(context), params.id, named(body))),
  }),
  removeSubscriber: async (context, { params }) => {
    await removeSubscriber(worldOf(context), params.id);
    return { body: null };
  },
  bounceSubscriber: async (context, { params, body }) => {
    const { reason, permanent: isPermanent } = body;
    const noted = await noteBounce(worldOf(context), params.id, { reason, isPermanent });
    return { body: subscriberResource(context.secretBox, noted) };
  },
};
