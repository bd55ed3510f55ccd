import { z } from "zod";
import { Instant } from "./api.ts";
import { DeliveryResource } from "./events.ts";
import { Count, instantText } from "./values.ts";

export const DELIVERY_STATES = ["pending", "delivered", "dead", "canceled"] as const;
export const DeliveryStateName = z.enum(DELIVERY_STATES);
export type DeliveryStateName = z.infer<typeof DeliveryStateName>;

export const AttemptResource = z
  .strictObject({
    number: z.number().int().positive().meta({ description: "From 1, counted over all replays" }),
    startedAt: Instant,
    finishedAt: Instant.nullable(),
    outcome: z
      .enum(["accepted", "try_later", "refused"])
      .nullable()
      .meta({ description: "Null while it is under way" }),
    reason: z.string().nullable(),
    httpStatus: z.number().int().nullable(),
    durationMs: Count.nullable(),
    request: z.strictObject({
      headers: z.record(z.string(), z.string()).nullable(),
      body: z
        .string()
        .nullable()
        .meta({ description: "Null: nothing was sent, or the same bytes as by the attempt before" }),
    }),
    response: z.strictObject({ excerpt: z.string().nullable().meta({ description: "The first 16 kB of the body" }) }),
  })
  .meta({ id: "Attempt", description: "One try of a delivery. Secrets are taken out of what was sent and received" });
export type AttemptResource = z.infer<typeof AttemptResource>;

export const DeliveryDetailResource = DeliveryResource.extend({
  nextAttemptAt: Instant.nullable().meta({ description: "Null once it has ended" }),
  replayedAt: Instant.nullable(),
  isVerification: z.boolean().meta({ description: "It shows whether a new address of the endpoint works" }),
  createdAt: Instant,
  attempts: z.array(AttemptResource).meta({ description: "The newest 150, oldest first" }),
}).meta({ id: "DeliveryDetail", description: "A delivery with the log of its attempts" });
export type DeliveryDetailResource = z.infer<typeof DeliveryDetailResource>;

/** The stored facts of a delivery. */
export type DeliveryFacts = Omit<DeliveryResource, "firstDueAt" | "finishedAt"> & {
  readonly firstDueAt: Date;
  readonly finishedAt: Date | null;
  readonly nextAttemptAt: Date;
  readonly replayedAt: Date | null;
  readonly toPendingUrl: boolean;
  readonly createdAt: Date;
};

export type AttemptFacts = {
  readonly number: number;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly outcome: AttemptResource["outcome"];
  readonly reason: string | null;
  readonly httpStatus: number | null;
  readonly durationMs: number | null;
  readonly requestHeaders: Readonly<Record<string, string>> | null;
  readonly requestBody: string | null;
  readonly responseExcerpt: string | null;
};

const textOf = (at: Date | null): string | null => (at === null ? null : instantText(at.getTime()));

/** The one way to make a DeliveryResource of a stored delivery. */
export const deliveryResource = (facts: DeliveryFacts): DeliveryResource => ({
  id: facts.id,
  eventId: facts.eventId,
  eventType: facts.eventType,
  endpointId: facts.endpointId,
  sequence: facts.sequence,
  state: facts.state,
  attemptsMade: facts.attemptsMade,
  firstDueAt: instantText(facts.firstDueAt.getTime()),
  finishedAt: textOf(facts.finishedAt),
  lastError: facts.lastError,
});

const attemptResource = (facts: AttemptFacts): AttemptResource => ({
  number: facts.number,
  startedAt: instantText(facts.startedAt.getTime()),
  finishedAt: textOf(facts.finishedAt),
  outcome: facts.outcome,
  reason: facts.reason,
  httpStatus: facts.httpStatus,
  durationMs: facts.durationMs,
  request: { headers: facts.requestHeaders === null ? null : { ...facts.requestHeaders }, body: facts.requestBody },
  response: { excerpt: facts.responseExcerpt },
});

/** A delivery with every attempt that was made for it. */
export const deliveryDetail = (facts: DeliveryFacts, attempts: readonly AttemptFacts[]): DeliveryDetailResource => ({
  ...deliveryResource(facts),
  nextAttemptAt: facts.state === "pending" ? instantText(facts.nextAttemptAt.getTime()) : null,
  replayedAt: textOf(facts.replayedAt),
  isVerification: facts.toPendingUrl,
  createdAt: instantText(facts.createdAt.getTime()),
  attempts: attempts.map(attemptResource),
});
