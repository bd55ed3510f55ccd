import { z } from "zod";
import { LANGUAGES } from "#lib/core/definitions.ts";
import { CADENCES, SUBSCRIBER_CHANNELS, SUBSCRIBER_KINDS, SUBSCRIBER_STATES } from "#lib/core/subscribers/words.ts";
import { Identifier, Instant } from "./values.ts";

export const SubscriberChannelName = z.enum(SUBSCRIBER_CHANNELS);
export const SubscriberStateName = z.enum(SUBSCRIBER_STATES);
export const SubscriberKindName = z.enum(SUBSCRIBER_KINDS);
export const CadenceName = z.enum(CADENCES);
export const SubscriberLanguage = z.enum(LANGUAGES);

export const SubscriberResource = z
  .strictObject({
    id: Identifier,
    channel: SubscriberChannelName,
    address: z.string().meta({ description: "Mail address or URL", example: "ada@example.com" }),
    contact: z.string().nullable().meta({ description: "Mail address that a webhook's owner gave" }),
    state: SubscriberStateName.meta({ description: "Only `active` ones are told" }),
    kinds: z.array(SubscriberKindName),
    serviceIds: z.array(Identifier).nullable().meta({ description: "Null: all services" }),
    incidentId: Identifier.nullable().meta({ description: "Follows this incident only" }),
    cadence: CadenceName,
    language: SubscriberLanguage,
    bounces: z.number().int().nonnegative().meta({ description: "Permanent refusals in a row" }),
    confirmedAt: Instant.nullable(),
    disabledAt: Instant.nullable(),
    disabledReason: z.string().nullable(),
    createdAt: Instant,
    updatedAt: Instant,
  })
  .meta({ id: "Subscriber", description: "Somebody outside who is told of incidents, maintenance and states" });
export type SubscriberResource = z.infer<typeof SubscriberResource>;
