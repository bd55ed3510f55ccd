import type { EpochMs } from "../units.ts";
import { addMs, DAY_MS, MINUTE_MS } from "../units.ts";

/** How another system sends: to the Alertmanager API again and again while it fires, or by webhook once and when it ends. */
export type InboundSource = "api" | "webhook";

/**
 * How long an alert without an end is taken to fire after it was heard of: `resolve_timeout` of Alertmanager for the API;
 * its retention of 120 h for webhooks, which it repeats every `repeat_interval`, never longer than that.
 */
const LIFE_MS: Readonly<Record<InboundSource, number>> = { api: 5 * MINUTE_MS, webhook: 5 * DAY_MS };
/** R50: what was sent late is taken in for so long. */
const LATE_MS = DAY_MS;

/** One alert as it was sent. */
export type SentAlert = {
  readonly fingerprint: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: EpochMs;
  /** When it ended or will end; null: it fires until further notice. */
  readonly endsAt: EpochMs | null;
  readonly generatorUrl: string | null;
};

/** What is stored of an earlier episode. */
export type KnownEpisode = {
  readonly id: string;
  readonly fingerprint: string;
  readonly startsAt: EpochMs;
  readonly round: number;
  readonly state: "firing" | "resolved";
  readonly resolveReason: "sender" | "timeout" | null;
};

export type InboundDecision =
  | { readonly kind: "open"; readonly round: number; readonly expiresAt: EpochMs }
  | { readonly kind: "refresh"; readonly id: string; readonly expiresAt: EpochMs }
  | { readonly kind: "resolve"; readonly id: string; readonly endsAt: EpochMs }
  /** It began and ended before we heard of it: kept, but nobody is told of what is over. */
  | { readonly kind: "record_past"; readonly endsAt: EpochMs }
  /** `known`: the same was sent before. `late`: it ended over a day ago. */
  | { readonly kind: "ignore"; readonly why: "known" | "late" };

/**
 * What an alert that was sent changes. The same label set is the same alert: while one episode fires, whatever is sent
 * belongs to it, also by a replica that saw it begin at another instant. What a sender ended stays ended when the same
 * comes again; what was only taken for over fires again.
 */
export const decideInbound = (
  sent: SentAlert,
  known: { readonly firing: KnownEpisode | null; readonly same: KnownEpisode | null },
  { now, source }: { readonly now: EpochMs; readonly source: InboundSource },
): InboundDecision => {
  const { firing, same } = known;
  const { endsAt } = sent;
  if (endsAt === null || endsAt > now) {
    const expiresAt = endsAt ?? addMs(now, LIFE_MS[source]);
    if (firing !== null) return { kind: "refresh", id: firing.id, expiresAt };
    if (same === null) return { kind: "open", round: 1, expiresAt };
    return same.resolveReason === "timeout"
      ? { kind: "open", round: same.round + 1, expiresAt }
      : { kind: "ignore", why: "known" };
  }
  if (firing !== null && endsAt >= firing.startsAt) return { kind: "resolve", id: firing.id, endsAt };
  if (same !== null) return { kind: "ignore", why: "known" };
  return endsAt < addMs(now, -LATE_MS) ? { kind: "ignore", why: "late" } : { kind: "record_past", endsAt };
};
