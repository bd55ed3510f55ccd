import type { ClaimedDelivery } from "#db/queries/deliveries.ts";
import { CLOUD_EVENT_CONTENT_TYPE, cloudEvent } from "#lib/contracts/events.ts";
import { signWebhook } from "#lib/contracts/sign-webhook.ts";
import type { AttemptOutcome } from "#lib/core/delivery/judge-answer.ts";
import { judgeFailure, judgeStatus } from "#lib/core/delivery/judge-answer.ts";
import { retryAfterOf } from "#lib/core/delivery/retry-after.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import { REDACTED, redactText } from "#lib/runtime/redact.ts";

/** What a receiver did. Never thrown: a fault of theirs is a value of ours. */
type PostAnswer =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
      readonly bodyExcerpt: string;
      readonly durationMs: number;
    }
  | { readonly kind: "failed"; readonly reason: string; readonly durationMs: number };

/** One POST through the egress policy. */
type Post = (request: {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}) => Promise<PostAnswer>;

/** An endpoint's address and live signing secrets, newest first, opened for one attempt. */
type OpenedEndpoint = { readonly url: string; readonly secrets: readonly string[] };

export type AttemptDeps = {
  readonly clock: Clock;
  readonly post: Post;
  readonly openEndpoint: (delivery: ClaimedDelivery) => OpenedEndpoint;
  /** The `source` of the envelopes. */
  readonly source: () => string;
};

/** The outcome of an attempt and what its row keeps. */
export type AttemptReport = {
  readonly outcome: AttemptOutcome;
  readonly httpStatus: number | null;
  readonly durationMs: number;
  readonly responseExcerpt: string | null;
};

const LONGEST_EXCERPT = 16_384;

/** Takes the endpoint's address and secrets out of a text: receivers echo what they get. */
const withoutSecrets = (text: string, { url, secrets }: OpenedEndpoint, signatures: readonly string[]): string => {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const target = parsed === null ? "" : `${parsed.pathname}${parsed.search}`;
  const hidden = [url, ...secrets, ...secrets.map((secret) => secret.slice("whsec_".length)), ...signatures];
  if (target.length > 1) hidden.push(target);
  const cleaned = hidden
    .filter((part) => part.length > 1)
    .reduce((rest, part) => rest.replaceAll(part, REDACTED), text);
  return redactText(cleaned.replaceAll("\u0000", "\ufffd")).slice(0, LONGEST_EXCERPT);
};

const headerText = (value: string | readonly string[] | undefined): string | null =>
  (typeof value === "string" ? value : value?.[0]) ?? null;

/**
 * Makes one attempt: envelope, signatures, POST, judgement. Whatever goes wrong becomes a report, so that a delivery
 * that cannot be sent never stops the others. A fault of ours, such as a lost secret key, is tried again for as long as
 * any other: it may be cured within the window.
 */
export const attemptDelivery = async (
  deps: AttemptDeps,
  delivery: ClaimedDelivery,
  signal: AbortSignal,
): Promise<AttemptReport> => {
  const { clock, post, openEndpoint, source } = deps;
  const startedMs = clock.monotonicMs();
  try {
    const endpoint = openEndpoint(delivery);
    const { event } = delivery;
    const envelope = cloudEvent({ ...event, data: JSON.parse(event.data) }, source(), delivery.sequence);
    const body = Buffer.from(JSON.stringify(envelope), "utf8");
    const timestampSeconds = Math.floor(clock.now() / 1_000);
    const signed = signWebhook({ id: event.id, timestampSeconds, body, secrets: endpoint.secrets });
    const answer = await post({
      url: endpoint.url,
      headers: { "content-type": CLOUD_EVENT_CONTENT_TYPE, "user-agent": "Nines-Webhooks/1", ...signed },
      body,
      timeoutMs: delivery.timeoutMs,
      signal,
    });
    const signatures = [signed["webhook-signature"], signed["x-nines-signature"]];
    if (answer.kind === "failed") {
      const reason = withoutSecrets(answer.reason, endpoint, signatures);
      return { outcome: judgeFailure(reason), httpStatus: null, durationMs: answer.durationMs, responseExcerpt: null };
    }
    const retryAfterMs = retryAfterOf(headerText(answer.headers["retry-after"]), clock.now());
    return {
      outcome: judgeStatus(answer.status, retryAfterMs),
      httpStatus: answer.status,
      durationMs: answer.durationMs,
      responseExcerpt: withoutSecrets(answer.bodyExcerpt, endpoint, signatures),
    };
  } catch (error) {
    // The message of an unexpected error may quote what it choked on, so only its kind is kept.
    const reason = `the attempt could not be made (${error instanceof Error ? error.name : "unknown error"})`;
    const durationMs = Math.max(0, clock.monotonicMs() - startedMs);
    return { outcome: judgeFailure(reason), httpStatus: null, durationMs, responseExcerpt: null };
  }
};
