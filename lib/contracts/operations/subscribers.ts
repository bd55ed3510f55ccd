import { z } from "zod";
import {
  CadenceName,
  SubscriberChannelName,
  SubscriberKindName,
  SubscriberLanguage,
  SubscriberResource,
  SubscriberStateName,
} from "../subscribers.ts";
import { createdAfter, listOperation, sortedPaging } from "./list-operation.ts";
import type { Operation } from "./operation.ts";
import { bodyText, id, NoQuery, READ_ONE_PROBLEMS, READ_PROBLEMS, WRITE_PROBLEMS } from "./operation.ts";

const kinds = z.array(SubscriberKindName).min(1).max(3);
const serviceIds = z.array(id).min(1).max(1_000).nullable().meta({ description: "Null: all services" });

const CreateSubscriberBody = z
  .strictObject({
    channel: SubscriberChannelName,
    address: z.string().min(1).max(2_048).meta({ description: "Mail address or URL", example: "ada@example.com" }),
    kinds: kinds.default(["incidents", "maintenance"]),
    serviceIds: serviceIds.default(null),
    cadence: CadenceName.default("each"),
    language: SubscriberLanguage.default("en"),
    skipConfirmation: z
      .boolean()
      .default(false)
      .meta({ description: "The owner of the address agreed elsewhere: it is told from now on" }),
  })
  .meta({ id: "SubscriberCreation" });

const ChangeSubscriberBody = z
  .strictObject({
    kinds: kinds.optional(),
    serviceIds: serviceIds.optional(),
    cadence: CadenceName.optional(),
    language: SubscriberLanguage.optional(),
    state: SubscriberStateName.exclude(["unconfirmed"]).optional(),
  })
  .refine((body) => Object.keys(body).length > 0, "names nothing to change")
  .meta({ id: "SubscriberChange", description: "What is left out stays" });

const BounceBody = z
  .strictObject({
    reason: bodyText(500, "What the mail server said").default("the message came back"),
    permanent: z.boolean().default(true).meta({ description: "False: the third in a row disables" }),
  })
  .meta({ id: "SubscriberBounce" });

const Counts = z
  .strictObject({
    data: z.array(
      z.strictObject({
        channel: SubscriberChannelName,
        state: SubscriberStateName,
        count: z.number().int().nonnegative(),
      }),
    ),
  })
  .meta({ id: "SubscriberCounts" });

const shared = { tag: "subscribers", query: NoQuery } as const;

export const SUBSCRIBER_OPERATIONS = [
  listOperation({
    operationId: "listSubscribers",
    path: "/v1/subscribers",
    tag: "subscribers",
    summary: "List subscribers with their addresses, the newest first",
    scope: "subscribers:read",
    query: {
      ...sortedPaging("subscribers"),
      createdAfter,
      state: SubscriberStateName.optional(),
      channel: SubscriberChannelName.optional(),
    },
    item: SubscriberResource,
    name: "SubscriberList",
  }),
  {
    ...shared,
    operationId: "countSubscribers",
    method: "GET",
    path: "/v1/subscribers/counts",
    summary: "How many subscribers there are, by channel and state",
    scope: "subscribers:read",
    response: Counts,
    problems: READ_PROBLEMS,
  },
  {
    ...shared,
    operationId: "exportSubscribers",
    method: "GET",
    path: "/v1/subscribers/export",
    summary: "All subscribers as CSV",
    scope: "subscribers:read",
    response: z.string().meta({ id: "SubscriberCsv" }),
    produces: ["text/csv"],
    problems: READ_PROBLEMS,
  },
  {
    ...shared,
    operationId: "getSubscriber",
    method: "GET",
    path: "/v1/subscribers/{id}",
    summary: "Read one subscriber",
    scope: "subscribers:read",
    response: SubscriberResource,
    problems: READ_ONE_PROBLEMS,
  },
  {
    ...shared,
    operationId: "createSubscriber",
    method: "POST",
    path: "/v1/subscribers",
    summary: "Add a subscriber; the address is asked to confirm unless consent was given elsewhere",
    scope: "subscribers:write",
    body: CreateSubscriberBody,
    response: SubscriberResource,
    status: 201,
    problems: WRITE_PROBLEMS,
  },
  {
    ...shared,
    operationId: "changeSubscriber",
    method: "PATCH",
    path: "/v1/subscribers/{id}",
    summary: "Change what a subscriber is told, disable it or send to it again",
    scope: "subscribers:write",
    body: ChangeSubscriberBody,
    response: SubscriberResource,
    problems: WRITE_PROBLEMS,
  },
  {
    ...shared,
    operationId: "removeSubscriber",
    method: "DELETE",
    path: "/v1/subscribers/{id}",
    summary: "Remove a subscriber and forget the address",
    scope: "subscribers:write",
    response: null,
    status: 204,
    problems: WRITE_PROBLEMS,
  },
  {
    ...shared,
    operationId: "bounceSubscriber",
    method: "POST",
    path: "/v1/subscribers/{id}/bounce",
    summary: "Note that a message came back; a permanent bounce disables",
    scope: "subscribers:write",
    body: BounceBody,
    response: SubscriberResource,
    problems: WRITE_PROBLEMS,
  },
] as const satisfies readonly Operation[];
