import { z } from "zod";
import type { ZodOpenApiOperationObject } from "zod-openapi";
import type { EventType } from "./events.ts";
import {
  CLOUD_EVENT_CONTENT_TYPE,
  CloudEvent,
  cloudEvent,
  EVENT_DATA,
  EVENT_DESCRIPTIONS,
  EVENT_TYPES,
} from "./events.ts";

const CLOUD_EVENT_TYPE = CLOUD_EVENT_CONTENT_TYPE.split(";")[0] as string;

/** `alert.firing` becomes `AlertFiring`. */
export const pascalOf = (type: string): string =>
  type.replaceAll(/(?:^|[._])([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** An event as it reaches a receiver, `data` being a resource. */
export const exampleEvent = (type: EventType, data: unknown): CloudEvent =>
  cloudEvent(
    {
      id: "evt_019a48f0a1b37c3d8e4f5a6b7c8d9e10",
      type,
      subject: "shop-availability",
      occurredAtMs: Date.UTC(2026, 10, 3, 14, 4),
      data,
    },
    "https://status.example.com",
    7n,
  );

/** The headers of Standard Webhooks, as every delivery carries them. */
const WEBHOOK_HEADERS = z.object({
  "webhook-id": z
    .string()
    .meta({ description: "The same on every retry", example: "evt_019a48f0a1b37c3d8e4f5a6b7c8d9e10" }),
  "webhook-timestamp": z.string().meta({ description: "Seconds since 1970, of this attempt", example: "1793714640" }),
  "webhook-signature": z.string().meta({
    description: "`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`",
    example: "v1,ceYNHMq0yrPCY4AaZdVdK7rNFmhN2s4ZiSyGTvMVw2Y=",
  }),
  "x-nines-signature": z.string().meta({
    description: "`t=<seconds>,v1=<hex>`, HMAC-SHA256 of `t.body`",
    example: "t=1793714640,v1=71e6…",
  }),
});

const webhookOf = (type: EventType): ZodOpenApiOperationObject => ({
  operationId: `on${pascalOf(type)}`,
  tags: ["webhooks"],
  summary: EVENT_DESCRIPTIONS[type],
  description:
    "A CloudEvent in structured mode, signed after Standard Webhooks. Delivered at least once with a constant id: answer 2xx and drop repeats by `webhook-id`.",
  requestParams: { header: WEBHOOK_HEADERS },
  requestBody: {
    required: true,
    content: {
      [CLOUD_EVENT_TYPE]: {
        schema: CloudEvent.extend({ type: z.literal(type), data: EVENT_DATA[type] }).meta({
          id: `${pascalOf(type)}Event`,
        }),
      },
    },
  },
  responses: { "204": { description: "Taken" } },
});

/** One webhook for each type of the catalogue, `data` being the same component that the API answers with. */
export const webhooks = (): Record<string, { post: ZodOpenApiOperationObject }> =>
  Object.fromEntries(EVENT_TYPES.map((type) => [type, { post: webhookOf(type) }]));
