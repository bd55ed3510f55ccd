import { z } from "zod";
import { AlertSeverity } from "./alerts.ts";
import { Identifier, Instant } from "./values.ts";

export const SilenceResource = z
  .strictObject({
    id: Identifier,
    state: z.enum(["pending", "active", "expired"]),
    matchers: z
      .strictObject({
        serviceIds: z.array(Identifier),
        sloIds: z.array(Identifier),
        pairs: z.array(z.string()),
        severities: z.array(AlertSeverity),
      })
      .meta({ id: "SilenceMatchers", description: "All of them must take the alert; an empty list takes any" }),
    startsAt: Instant,
    endsAt: Instant,
    author: z.string(),
    comment: z.string(),
    expiredAt: Instant.nullable().meta({ description: "When it was ended by hand" }),
    createdAt: Instant,
  })
  .meta({ id: "Silence", description: "Alerts that match are recorded, but nobody is told" });
export type SilenceResource = z.infer<typeof SilenceResource>;

/** The stored facts of a silence. Instants are milliseconds since the epoch. */
export type SilenceFacts = {
  readonly id: string;
  readonly serviceIds: readonly string[];
  readonly sloIds: readonly string[];
  readonly pairs: readonly string[];
  readonly severities: readonly ("page" | "ticket")[];
  readonly startsAt: number;
  readonly endsAt: number;
  readonly author: string;
  readonly comment: string;
  readonly expiredAt: number | null;
  readonly createdAt: number;
};

const iso = (at: number): string => new Date(at).toISOString();

const stateAt = ({ startsAt, endsAt, expiredAt }: SilenceFacts, now: number): SilenceResource["state"] => {
  if (expiredAt !== null || endsAt <= now) return "expired";
  return startsAt <= now ? "active" : "pending";
};

/** The one way to make a SilenceResource. */
export const silenceResource = (silence: SilenceFacts, now: number): SilenceResource => ({
  id: silence.id,
  state: stateAt(silence, now),
  matchers: {
    serviceIds: [...silence.serviceIds],
    sloIds: [...silence.sloIds],
    pairs: [...silence.pairs],
    severities: [...silence.severities],
  },
  startsAt: iso(silence.startsAt),
  endsAt: iso(silence.endsAt),
  author: silence.author,
  comment: silence.comment,
  expiredAt: silence.expiredAt === null ? null : iso(silence.expiredAt),
  createdAt: iso(silence.createdAt),
});
