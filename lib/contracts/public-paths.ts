import { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";

/** What the public page offers to programs beside the JSON of Statuspage: feeds, a calendar, badges, and signing up. */

const problem = (name: string) => ({ $ref: `#/components/responses/${name}` });
const UNCHANGED = { description: "Not modified since the entity tag or date that was sent." };

const file = (operationId: string, summary: string, mediaType: string): ZodOpenApiPathsObject[string] => ({
  get: {
    operationId,
    tags: ["statuspage"],
    summary,
    description: `${summary}. Served without the database, for any origin.`,
    security: [],
    responses: {
      "200": { description: summary, content: { [mediaType]: { schema: z.string() } } },
      "304": UNCHANGED,
      "503": problem("Unavailable"),
    },
  },
});

const RSS = "application/rss+xml";
const ATOM = "application/atom+xml";
const JSON_FEED = "application/feed+json";

const FEED_PATHS: ZodOpenApiPathsObject = {
  "/feed.rss": file("getNewsRss", "Incidents and maintenances as RSS 2.0", RSS),
  "/feed.atom": file("getNewsAtom", "Incidents and maintenances as Atom 1.0", ATOM),
  "/feed.json": file("getNewsJson", "Incidents and maintenances as JSON Feed 1.1", JSON_FEED),
  "/history.rss": file("getHistoryRss", "Incidents in the form of Statuspage's history, as RSS 2.0", RSS),
  "/history.atom": file("getHistoryAtom", "Incidents in the form of Statuspage's history, as Atom 1.0", ATOM),
  "/history.json": file("getHistoryJson", "Incidents in the form of Statuspage's history", "application/json"),
  "/calendar.ics": file("getCalendar", "Maintenances as a calendar (RFC 5545)", "text/calendar"),
};

const SubscriberAnswer = z
  .object({
    subscriber: z.object({
      created_at: z.iso.datetime(),
      skip_confirmation_notification: z.boolean(),
      quarantined_at: z.iso.datetime().nullable(),
      id: z.string(),
      mode: z.enum(["email", "webhook"]),
      purge_at: z.iso.datetime().nullable(),
      email: z.string().nullable(),
      endpoint: z.string().optional().meta({ description: "Of webhooks only" }),
    }),
  })
  .meta({ id: "StatuspageSubscriber", description: "What was asked for; it never tells whether an address was known" });

const SubscriberBody = z
  .object({
    subscriber: z.object({
      email: z.string().optional().meta({ example: "ada@example.com" }),
      endpoint: z.string().optional().meta({ description: "Address of a webhook, with email as whom to ask" }),
      component_ids: z.array(z.string()).optional(),
      incident_id: z.string().optional(),
    }),
  })
  .meta({ id: "StatuspageSubscriberCreation", example: { subscriber: { email: "ada@example.com" } } });

const subscribers = (parts: Pick<ZodOpenApiOperationObject, "operationId" | "summary" | "responses">) => ({
  ...parts,
  tags: ["statuspage"],
  description: "In the form of Statuspage; nobody hears anything before they have confirmed by the link in a mail.",
  security: [],
});
const withId = { query: z.object({ id: z.string().meta({ description: "`subscriber.id` of the sign-up" }) }) };
const answer = (description: string) => ({
  description,
  content: { "application/json": { schema: SubscriberAnswer } },
});
const gone = { "404": problem("NotFound"), "503": problem("Unavailable") };

const SUBSCRIBER_PATHS: ZodOpenApiPathsObject = {
  "/api/v2/subscribers.json": {
    post: {
      ...subscribers({
        operationId: "subscribe",
        summary: "Sign up for messages by mail or webhook",
        responses: {
          "201": answer("The same for an address that was known and for one that was not."),
          "400": problem("BadRequest"),
          "413": problem("TooLarge"),
          "415": problem("UnsupportedMediaType"),
          "422": problem("Unprocessable"),
          "429": problem("TooManyRequests"),
          "503": problem("Unavailable"),
        },
      }),
      requestBody: {
        required: true,
        content: {
          "application/json": { schema: SubscriberBody },
          "application/x-www-form-urlencoded": { schema: SubscriberBody },
        },
      },
    },
    get: {
      ...subscribers({
        operationId: "getSubscription",
        summary: "Read what a sign-up asked for",
        responses: { "200": answer("The sign-up"), ...gone },
      }),
      requestParams: withId,
    },
    delete: {
      ...subscribers({
        operationId: "unsubscribe",
        summary: "Take a sign-up back, and the subscription with it",
        responses: { "200": answer("The sign-up as it was"), ...gone },
      }),
      requestParams: withId,
    },
  },
};

export const PUBLIC_PATHS: ZodOpenApiPathsObject = {
  ...FEED_PATHS,
  "/badge/{service}": {
    get: {
      ...file("getBadge", "State of a service as a badge", "image/svg+xml").get,
      operationId: "getBadge",
      requestParams: {
        path: z.object({
          service: z.string().meta({ description: "Id of the service, then `.svg` or `.json`", example: "shop.svg" }),
        }),
      },
      responses: {
        "200": {
          description: "A picture, or for `.json` the form that shields.io reads",
          content: {
            "image/svg+xml": { schema: z.string() },
            "application/json": { schema: z.looseObject({}) },
          },
        },
        "304": UNCHANGED,
        "404": problem("NotFound"),
        "503": problem("Unavailable"),
      },
    },
  },
  ...SUBSCRIBER_PATHS,
};
