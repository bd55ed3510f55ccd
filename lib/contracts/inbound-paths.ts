import { z } from "zod";
import type { ZodOpenApiPathsObject } from "zod-openapi";
import { ALERTMANAGER_API_PATH, ALERTMANAGER_HOOK_PATH, BOUNCE_HOOK_PATH } from "./inbound.ts";
import { Instant } from "./values.ts";

/** Addresses that take alerts of other systems, in shapes that those systems decide. */

const problem = (name: string) => ({ $ref: `#/components/responses/${name}` });
const json = (schema: z.ZodType) => ({ "application/json": { schema } });
const texts = z.record(z.string(), z.string());

const SentAlert = z
  .looseObject({
    labels: texts,
    annotations: texts.optional(),
    startsAt: z.string().optional(),
    endsAt: z.string().optional().meta({ description: "Left out or of the year 1: it fires" }),
    generatorURL: z.string().optional(),
  })
  .meta({ id: "AlertmanagerAlert" });

const ShownAlert = z
  .object({
    annotations: texts,
    endsAt: Instant,
    fingerprint: z.string(),
    receivers: z.array(z.object({ name: z.string() })),
    startsAt: Instant,
    status: z.object({
      inhibitedBy: z.array(z.string()),
      mutedBy: z.array(z.string()),
      silencedBy: z.array(z.string()),
      state: z.literal("active"),
    }),
    updatedAt: Instant,
    generatorURL: z.string().optional(),
    labels: texts,
  })
  .meta({ id: "AlertmanagerGettableAlert" });

const query = z.object({
  filter: z.string().optional().meta({ description: "A matcher, any number of times", example: 'service="shop"' }),
  active: z.enum(["true", "false"]).optional(),
});

const REFUSALS = {
  "400": problem("BadRequest"),
  "401": problem("Unauthorized"),
  "403": problem("Forbidden"),
  "503": problem("Unavailable"),
};
const UNREAD = { "413": problem("TooLarge"), "415": problem("UnsupportedMediaType") };

const read = (operationId: string, summary: string, schema: z.ZodType, isFiltered = false) => ({
  get: {
    operationId,
    tags: ["prometheus"],
    summary,
    security: [{ bearerAuth: [] }],
    ...(isFiltered ? { requestParams: { query } } : {}),
    responses: { "200": { description: summary, content: json(schema) }, ...REFUSALS },
  },
});

const alerts = read(
  "getAlertmanagerAlerts",
  "Alerts of other systems that fire, as Alertmanager shows them",
  z.array(ShownAlert),
  true,
);

export const INBOUND_PATHS: ZodOpenApiPathsObject = {
  [ALERTMANAGER_HOOK_PATH]: {
    post: {
      operationId: "receiveAlertmanagerWebhook",
      tags: ["prometheus"],
      summary: "The webhook of Alertmanager, version 4; the same alert may be sent any number of times",
      security: [{ bearerAuth: [] }],
      requestBody: {
        required: true,
        content: json(
          z.looseObject({
            version: z.literal("4"),
            alerts: z.array(SentAlert.extend({ status: z.enum(["firing", "resolved"]).optional() })),
          }),
        ),
      },
      responses: {
        "200": {
          description: "What became of the alerts",
          content: json(
            z
              .object({ opened: z.int(), refreshed: z.int(), resolved: z.int(), ignored: z.int() })
              .meta({ id: "InboundResult" }),
          ),
        },
        ...REFUSALS,
        ...UNREAD,
      },
    },
  },
  [BOUNCE_HOOK_PATH]: {
    post: {
      operationId: "receiveBounce",
      tags: ["subscribers"],
      summary: "A mail to a subscriber that came back, as the mail server wrote it (RFC 3464); needs subscribers:write",
      security: [{ bearerAuth: [] }],
      requestBody: { required: true, content: { "message/rfc822": { schema: z.string() } } },
      responses: {
        "200": {
          description: "What became of the subscription",
          content: json(
            z
              .object({ result: z.enum(["disabled", "counted", "ignored", "unknown"]), subscriberId: z.string() })
              .meta({ id: "BounceResult" }),
          ),
        },
        ...REFUSALS,
        ...UNREAD,
        "422": problem("Unprocessable"),
      },
    },
  },
  [`${ALERTMANAGER_API_PATH}/alerts`]: {
    ...alerts,
    post: {
      operationId: "postAlertmanagerAlerts",
      tags: ["prometheus"],
      summary: "Alerts as Prometheus and amtool send them; the same alert may be sent any number of times",
      security: [{ bearerAuth: [] }],
      requestBody: { required: true, content: json(z.array(SentAlert)) },
      responses: { "200": { description: "All of them are stored" }, ...REFUSALS, ...UNREAD },
    },
  },
  [`${ALERTMANAGER_API_PATH}/alerts/groups`]: read(
    "getAlertmanagerGroups",
    "The same alerts in one group",
    z.array(z.object({ alerts: z.array(ShownAlert), labels: texts, receiver: z.object({ name: z.string() }) })),
    true,
  ),
  [`${ALERTMANAGER_API_PATH}/receivers`]: read(
    "getAlertmanagerReceivers",
    "One receiver, this installation",
    z.array(z.object({ name: z.string() })),
  ),
  [`${ALERTMANAGER_API_PATH}/silences`]: read(
    "getAlertmanagerSilences",
    "An empty list: alerts of other systems are not silenced here",
    z.array(z.looseObject({})),
  ),
  [`${ALERTMANAGER_API_PATH}/status`]: read(
    "getAlertmanagerStatus",
    "Version and start of this server",
    z.looseObject({}),
  ),
};
