import type { ClaimedDelivery } from "#db/queries/deliveries.ts";
import type { ChannelMail } from "#lib/core/channels/channel.ts";
import type { AttemptOutcome } from "#lib/core/delivery/judge-answer.ts";
import { judgeFailure } from "#lib/core/delivery/judge-answer.ts";
import { retryAfterOf } from "#lib/core/delivery/retry-after.ts";
import { traceparentOf } from "#lib/core/trace-context.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { EndedSpan } from "#lib/runtime/tracing.ts";
import { traceSpan } from "#lib/runtime/tracing.ts";
import type { Naming } from "../channels/notice-part.ts";
import type { OpenedEndpoint, Parcel } from "../channels/send.ts";
import { parcelOf } from "../channels/send.ts";
import { traceOfAttempt } from "../trace-of-attempt.ts";
import { redactorOf } from "./endpoint-redactor.ts";

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

/** One mail through the egress policy. `outcome` is what the mail server's reply means. */
export type SendMail = (request: {
  readonly mail: ChannelMail;
  readonly endpoint: OpenedEndpoint;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}) => Promise<{ readonly outcome: AttemptOutcome; readonly reply: string | null }>;

export type AttemptDeps = {
  readonly clock: Clock;
  readonly post: Post;
  readonly sendMail: SendMail;
  readonly openEndpoint: (delivery: ClaimedDelivery) => OpenedEndpoint;
  /** The `source` of the envelopes. */
  readonly source: () => string;
  /** Names for messages to people. */
  readonly naming: () => Naming;
};

/** The outcome of an attempt and what its row keeps. */
export type AttemptReport = {
  readonly outcome: AttemptOutcome;
  readonly httpStatus: number | null;
  readonly durationMs: number;
  readonly responseExcerpt: string | null;
  /** What was sent, without secrets; null when nothing was. */
  readonly requestHeaders: Readonly<Record<string, string>> | null;
  readonly requestBody: string | null;
};

const headerText = (value: string | readonly string[] | undefined): string | null =>
  (typeof value === "string" ? value : value?.[0]) ?? null;

const shownHeaders = (headers: Readonly<Record<string, string>>, redact: (text: string) => string) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, redact(value)]));

/** The trace of an event is the same for all its deliveries and attempts; each attempt is a span of its own. */
const traceOf = (delivery: ClaimedDelivery) => traceOfAttempt(delivery.event.id, `${delivery.id}.${delivery.attempt}`);

const spanOf = (delivery: ClaimedDelivery, report: AttemptReport, endedAt: EpochMs): EndedSpan => ({
  name: `deliver ${delivery.type}`,
  kind: "client",
  ...traceOf(delivery),
  parentSpanId: null,
  endedAt,
  durationMs: report.durationMs,
  attributes: {
    "nines.event.id": delivery.event.id,
    "nines.event.type": delivery.event.type,
    "nines.delivery.id": delivery.id,
    "nines.endpoint.id": delivery.endpointId,
    "nines.attempt": delivery.attempt,
    ...(report.httpStatus === null ? {} : { "http.response.status_code": report.httpStatus }),
  },
  ...(report.outcome.kind === "accepted" ? {} : { error: report.outcome.kind }),
});

const postParcel = async (
  deps: AttemptDeps,
  args: { parcel: Extract<Parcel, { kind: "request" }>; endpoint: OpenedEndpoint; delivery: ClaimedDelivery },
  signal: AbortSignal,
): Promise<AttemptReport> => {
  const { parcel, endpoint, delivery } = args;
  const redact = redactorOf(endpoint, parcel.signatures);
  const { url } = parcel;
  const { traceId, spanId } = traceOf(delivery);
  const headers = { ...parcel.headers, traceparent: traceparentOf(traceId, spanId) };
  const body = Buffer.from(parcel.body, "utf8");
  const answer = await deps.post({ url, headers, body, timeoutMs: delivery.timeoutMs, signal });
  const sent = { requestHeaders: shownHeaders(headers, redact), requestBody: redact(parcel.body) };
  const { durationMs } = answer;
  if (answer.kind === "failed") {
    const outcome = judgeFailure(redact(answer.reason));
    return { outcome, httpStatus: null, durationMs, responseExcerpt: null, ...sent };
  }
  const retryAfterMs = retryAfterOf(headerText(answer.headers["retry-after"]), deps.clock.now());
  return {
    outcome: parcel.judge(answer.status, retryAfterMs, answer.bodyExcerpt),
    httpStatus: answer.status,
    durationMs,
    responseExcerpt: redact(answer.bodyExcerpt),
    ...sent,
  };
};

const NOTHING_SENT = { httpStatus: null, responseExcerpt: null, requestHeaders: null, requestBody: null } as const;

/**
 * Makes one attempt: message, signatures, sending, judgement. Whatever goes wrong becomes a report, so that a delivery
 * that cannot be sent never stops the others. A fault of ours, such as a lost secret key, is tried again for as long as
 * any other: it may be cured within the window.
 */
const makeAttempt = async (
  deps: AttemptDeps,
  delivery: ClaimedDelivery,
  signal: AbortSignal,
): Promise<AttemptReport> => {
  const { clock } = deps;
  const startedMs = clock.monotonicMs();
  const durationMs = (): number => Math.max(0, clock.monotonicMs() - startedMs);
  try {
    const endpoint = deps.openEndpoint(delivery);
    const timestampSeconds = Math.floor(clock.now() / 1_000);
    const parcel = parcelOf(delivery, endpoint, { source: deps.source(), timestampSeconds, naming: deps.naming() });
    if (parcel.kind === "request") return await postParcel(deps, { parcel, endpoint, delivery }, signal);
    if (parcel.kind === "nothing") {
      return { outcome: { kind: "accepted" }, durationMs: 0, ...NOTHING_SENT, responseExcerpt: parcel.reason };
    }
    const { mail } = parcel;
    const { settings, timeoutMs } = delivery;
    const { outcome, reply } = await deps.sendMail({ mail, endpoint, settings, timeoutMs, signal });
    const redact = redactorOf(endpoint, []);
    const responseExcerpt = reply === null ? null : redact(reply);
    return { outcome, durationMs: durationMs(), ...NOTHING_SENT, responseExcerpt, requestBody: redact(mail.text) };
  } catch (error) {
    // The message of an unexpected error may quote what it choked on, so only its kind is kept.
    const reason = `the attempt could not be made (${error instanceof Error ? error.name : "unknown error"})`;
    return { outcome: judgeFailure(reason), durationMs: durationMs(), ...NOTHING_SENT };
  }
};

/** Makes one attempt and tells the trace of it. */
export const attemptDelivery = async (
  deps: AttemptDeps,
  delivery: ClaimedDelivery,
  signal: AbortSignal,
): Promise<AttemptReport> => {
  const report = await makeAttempt(deps, delivery, signal);
  traceSpan(() => spanOf(delivery, report, deps.clock.now()));
  return report;
};
