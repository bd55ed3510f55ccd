import { z } from "zod";
import { formatDuration } from "#lib/core/duration.ts";
import { durationMs } from "#lib/core/units.ts";
import { AlertSeverity } from "./alerts.ts";
import { Identifier, Instant } from "./api.ts";
import { Count, DurationText, instantText } from "./values.ts";

/** Endpoints as `/v1/endpoints` shows them: addresses, secrets and header values never leave the database. */

const MaskedAddress = z.string().nullable().meta({
  description: "Scheme and host: the rest of the address is a secret. Null where there is no such address",
  example: "https://hooks.example.org/…",
});

const endpointFields = {
  id: Identifier,
  type: z.string().meta({ description: "Kind of receiver", example: "webhook" }),
  managedBy: z.enum(["file", "api"]).meta({ description: "What stands in the file is changed there" }),
  description: z.string().nullable(),
  state: z.enum(["active", "disabled"]),
  disabledReason: z.string().nullable(),
  address: MaskedAddress,
  pendingAddress: MaskedAddress.meta({
    description: "A new address that a test delivery has not reached yet; the old one is in use meanwhile",
  }),
  events: z.array(z.string()).meta({ description: "Types of events; `*` for all" }),
  filters: z.strictObject({
    serviceIds: z.array(Identifier).meta({ description: "Empty for any. What is about no service passes" }),
    severities: z.array(AlertSeverity).meta({ description: "Empty for any. What has no severity passes" }),
  }),
  headers: z.array(z.string()).meta({ description: "Names of header fields of its own; values are never shown" }),
  timeout: DurationText.meta({ description: "How long the receiver may take to answer" }),
  isOrdered: z.boolean().meta({ description: "Each delivery waits for the one before it" }),
  maxInFlight: z.number().int().positive(),
  maxPerSecond: z.number().int().positive().nullable(),
  secrets: z.strictObject({
    live: z.number().int().positive().meta({ description: "How many sign each delivery" }),
    oldUntil: Instant.nullable().meta({ description: "When the last replaced one stops signing" }),
  }),
  health: z.strictObject({
    breaker: z.enum(["closed", "open", "half_open"]),
    failingSince: Instant.nullable().meta({ description: "The first failure since the last success" }),
    pending: Count,
    dead: Count,
    lastDeliveredAt: Instant.nullable(),
    lastTest: z
      .strictObject({
        result: z.enum(["delivered", "dead", "canceled"]),
        at: Instant,
        error: z.string().nullable(),
      })
      .nullable()
      .meta({ description: "The newest test or ping that has ended" }),
  }),
  createdAt: Instant,
  updatedAt: Instant,
};

export const EndpointResource = z
  .strictObject(endpointFields)
  .meta({ id: "Endpoint", description: "Where events are sent to" });
export type EndpointResource = z.infer<typeof EndpointResource>;

export const NewEndpointResource = z
  .strictObject({ ...endpointFields, secret: z.string().meta({ description: "Shown this once: whsec_…" }) })
  .meta({ id: "NewEndpoint" });
export type NewEndpointResource = z.infer<typeof NewEndpointResource>;

/** What is known of an endpoint after its sealed parts were opened as far as they may be shown. */
export type EndpointFacts = {
  readonly id: string;
  readonly type: string;
  readonly managedBy: "file" | "api";
  readonly description: string | null;
  readonly state: "active" | "disabled";
  readonly disabledReason: string | null;
  readonly address: string | null;
  readonly pendingAddress: string | null;
  readonly events: readonly string[];
  readonly filters: { readonly services?: readonly string[]; readonly severities?: readonly ("page" | "ticket")[] };
  readonly headerNames: readonly string[];
  readonly timeoutMs: number;
  readonly isOrdered: boolean;
  readonly maxInFlight: number;
  readonly maxPerSecond: number | null;
  readonly oldSecrets: readonly { readonly expiresAt: string }[];
  readonly breaker: { readonly kind: "closed" | "open" | "half_open" } | null;
  readonly failingSince: Date | null;
  readonly pending: number;
  readonly dead: number;
  readonly lastDeliveredAt: Date | null;
  readonly lastTest: { readonly state: string; readonly finishedAt: string; readonly error: string | null } | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

const textOf = (at: Date | null): string | null => (at === null ? null : instantText(at.getTime()));

/** Scheme and host of an address; null for what is none, such as a list of mail addresses. */
export const maskedAddress = (url: string): string | null => {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  return parsed === null || parsed.host === "" ? null : `${parsed.protocol}//${parsed.host}/…`;
};

const lastTestOf = ({ lastTest }: EndpointFacts): EndpointResource["health"]["lastTest"] => {
  if (lastTest === null) return null;
  const { state, finishedAt, error } = lastTest;
  const result = state === "delivered" || state === "dead" ? state : "canceled";
  return { result, at: instantText(Date.parse(finishedAt)), error };
};

/** The one way to make an EndpointResource. */
export const endpointResource = (facts: EndpointFacts, now: number): EndpointResource => {
  const ends = facts.oldSecrets.map(({ expiresAt }) => Date.parse(expiresAt)).filter((at) => at > now);
  return {
    id: facts.id,
    type: facts.type,
    managedBy: facts.managedBy,
    description: facts.description,
    state: facts.state,
    disabledReason: facts.disabledReason,
    address: facts.address,
    pendingAddress: facts.pendingAddress,
    events: [...facts.events],
    filters: { serviceIds: [...(facts.filters.services ?? [])], severities: [...(facts.filters.severities ?? [])] },
    headers: [...facts.headerNames],
    timeout: formatDuration(durationMs(facts.timeoutMs)),
    isOrdered: facts.isOrdered,
    maxInFlight: facts.maxInFlight,
    maxPerSecond: facts.maxPerSecond,
    secrets: { live: ends.length + 1, oldUntil: ends.length === 0 ? null : instantText(Math.max(...ends)) },
    health: {
      breaker: facts.breaker?.kind ?? "closed",
      failingSince: textOf(facts.failingSince),
      pending: facts.pending,
      dead: facts.dead,
      lastDeliveredAt: textOf(facts.lastDeliveredAt),
      lastTest: lastTestOf(facts),
    },
    createdAt: instantText(facts.createdAt.getTime()),
    updatedAt: instantText(facts.updatedAt.getTime()),
  };
};
