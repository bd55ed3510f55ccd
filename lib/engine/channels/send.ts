import type { ClaimedDelivery, ClaimedEvent } from "#db/queries/deliveries.ts";
import { CLOUD_EVENT_CONTENT_TYPE, cloudEvent } from "#lib/contracts/events.ts";
import { signWebhook } from "#lib/contracts/sign-webhook.ts";
import type { ChannelMail } from "#lib/core/channels/channel.ts";
import { groupNotices } from "#lib/core/channels/group.ts";
import { CHANNELS } from "#lib/core/channels/index.ts";
import type { Notice } from "#lib/core/channels/notice.ts";
import type { AttemptOutcome } from "#lib/core/delivery/judge-answer.ts";
import { judgeStatus } from "#lib/core/delivery/judge-answer.ts";
import type { DurationMs } from "#lib/core/units.ts";
import { noticeOfEvent } from "./notice-of-event.ts";
import type { Naming } from "./notice-part.ts";

/** An endpoint's address, live signing secrets (newest first) and own header fields, opened for one attempt. */
export type OpenedEndpoint = {
  readonly url: string;
  readonly secrets: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
};

/** What one attempt sends, and how its answer is read. */
export type Parcel =
  | {
      readonly kind: "request";
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      /** Header values that are secrets beside those of the endpoint. */
      readonly signatures: readonly string[];
      readonly body: string;
      readonly judge: (status: number, retryAfterMs: DurationMs | null, bodyExcerpt: string) => AttemptOutcome;
    }
  | { readonly kind: "mail"; readonly mail: ChannelMail }
  | { readonly kind: "nothing"; readonly reason: string };

/** Names of fields know no case: what we set must not stand twice. */
const ownHeaders = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

const USER_AGENT = "Nines-Webhooks/1";

const signedEvent = (
  delivery: ClaimedDelivery,
  endpoint: OpenedEndpoint,
  args: { source: string; timestampSeconds: number },
): Parcel => {
  const { event, sequence } = delivery;
  const body = JSON.stringify(cloudEvent({ ...event, data: JSON.parse(event.data) }, args.source, sequence));
  const { timestampSeconds } = args;
  const signed = signWebhook({ id: event.id, timestampSeconds, body: Buffer.from(body), secrets: endpoint.secrets });
  return {
    kind: "request",
    url: endpoint.url,
    // What the owner of the endpoint configured never replaces what proves that the event is ours.
    headers: {
      ...ownHeaders(endpoint.headers),
      "content-type": CLOUD_EVENT_CONTENT_TYPE,
      "user-agent": USER_AGENT,
      ...signed,
    },
    signatures: [signed["webhook-signature"], signed["x-nines-signature"]],
    body,
    judge: (status, retryAfterMs) => judgeStatus(status, retryAfterMs),
  };
};

/**
 * Makes what is sent to an endpoint: the signed event itself, or the words of a channel. The same delivery gives the
 * same body on every attempt.
 */
export const parcelOf = (
  delivery: ClaimedDelivery,
  endpoint: OpenedEndpoint,
  args: { source: string; timestampSeconds: number; naming: Naming },
): Parcel => {
  const { type, event, groupedWith, settings } = delivery;
  if (type === "webhook") return signedEvent(delivery, endpoint, args);
  const channel = CHANNELS[type];
  const noticeOf = (told: ClaimedEvent): Notice =>
    noticeOfEvent({ ...told, data: JSON.parse(told.data) as unknown }, args.naming);
  const notice = groupNotices([noticeOf(event), ...groupedWith.map((grouped) => noticeOf(grouped.event))]);
  const secret = endpoint.secrets[0] ?? "";
  const message = channel.render(notice, {
    url: endpoint.url,
    secret: secret === "" ? null : secret,
    format: settings.format === "webhook" ? "webhook" : "api",
  });
  if (message.kind === "nothing") return message;
  if (message.kind === "mail") return { kind: "mail", mail: message };
  return {
    kind: "request",
    url: message.url,
    headers: { ...ownHeaders(endpoint.headers), "user-agent": USER_AGENT, ...message.headers },
    signatures: [],
    body: message.body,
    judge: (status, retryAfterMs, bodyExcerpt) => channel.judge({ status, retryAfterMs, bodyExcerpt }),
  };
};
