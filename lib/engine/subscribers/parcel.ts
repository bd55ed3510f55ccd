import type { ToldEvent } from "#db/queries/subscriber-messages.ts";
import type { Subscriber } from "#db/queries/subscribers.ts";
import type { SubscriberKeys } from "#lib/commands/subscribers/keys.ts";
import { signWebhook } from "#lib/contracts/sign-webhook.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { statuspageId } from "#lib/contracts/statuspage-id.ts";
import { statuspageWebhook, webhookConfirmation } from "#lib/contracts/subscriber-webhook.ts";
import { CHANNELS } from "#lib/core/channels/index.ts";
import type { Notice, NoticeLink } from "#lib/core/channels/notice.ts";
import { plainText } from "#lib/core/channels/notice.ts";
import { judgeStatus } from "#lib/core/delivery/judge-answer.ts";
import { isFor, tellingOf } from "#lib/core/subscribers/audience.ts";
import { subscriberMail } from "#lib/core/subscribers/mail.ts";
import { say } from "#lib/core/subscribers/message-words.ts";
import type { MessageNaming } from "#lib/core/subscribers/notice.ts";
import { digestNotice, noticeForSubscriber } from "#lib/core/subscribers/notice.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Mail } from "#lib/egress/send-mail.ts";
import type { Parcel } from "../channels/send.ts";

/** What messages are made of beside the subscriber: the page that was signed up at, as it stands now. */
export type PageFacts = {
  /** What the page may tell of an event; null: nothing. Services of other pages are cut out. */
  readonly onPage: (event: ToldEvent) => ToldEvent | null;
  readonly name: string;
  readonly url: string | null;
  readonly timeZone: string;
  readonly serviceName: (id: string) => string;
  readonly snapshot: Snapshot | null;
  readonly mailFrom: string | null;
};

/** A message with all that it tells. */
export type MessageToSend = {
  readonly id: string;
  readonly kind: "confirmation" | "reminder" | "event" | "digest";
  readonly firstDueAt: EpochMs;
  readonly subscriber: Subscriber;
  readonly address: string;
  /** Of webhooks. */
  readonly secret: string | null;
  readonly event: ToldEvent | null;
  /** The event before it about the same service. */
  readonly before: ToldEvent | null;
  /** Of a digest: what happened in its day. */
  readonly events: readonly ToldEvent[];
};

export type SubscriberParcel =
  | (Extract<Parcel, { kind: "request" }> & {
      /** What the receiver may answer with to prove that it wants the news. */
      readonly challenge?: string;
    })
  | { readonly kind: "addressed_mail"; readonly mail: Mail }
  | { readonly kind: "nothing"; readonly reason: string };

const LOCALES = { en: "en-GB", ko: "ko-KR", ru: "ru-RU" } as const;

const namingOf = ({ subscriber }: MessageToSend, page: PageFacts): MessageNaming => {
  const { language } = subscriber;
  const { timeZone } = page;
  const format = new Intl.DateTimeFormat(LOCALES[language], { dateStyle: "medium", timeStyle: "short", timeZone });
  return {
    language,
    pageName: page.name,
    pageUrl: page.url ?? subscriber.baseUrl,
    serviceName: page.serviceName,
    instant: (at) => `${format.format(at)} ${timeZone}`,
    incidentPath: (id) => `/incidents/${statuspageId("incident", id)}`,
  };
};

type Links = {
  readonly manage: string;
  readonly unsubscribe: string;
  readonly confirm: string;
  readonly challenge: string;
};

const linksOf = ({ subscriber }: MessageToSend, pageUrl: string, keys: SubscriberKeys): Links => {
  const token = keys.linkToken("manage", subscriber.id, null);
  const challenge = keys.linkToken("confirm", subscriber.id, subscriber.confirmExpiresAt);
  return {
    manage: `${pageUrl}/subscription/${token}`,
    unsubscribe: `${pageUrl}/unsubscribe/${token}`,
    confirm: `${pageUrl}/subscribe/confirm/${challenge}`,
    challenge,
  };
};

const plainNotice = (message: MessageToSend, naming: MessageNaming, links: readonly NoticeLink[]): Notice => {
  const { kind, id, firstDueAt } = message;
  const { language } = naming;
  const page = plainText(naming.pageName);
  const words = kind === "reminder" ? ("known" as const) : ("confirm" as const);
  return {
    eventId: id,
    eventType: kind,
    thread: id,
    tone: "neutral",
    phase: "note",
    title: say(language, `${words}Title`, { page }),
    text: say(language, `${words}Text`, { page }),
    facts: [],
    links,
    serviceId: null,
    severity: null,
    beganAtMs: firstDueAt,
    endedAtMs: null,
    occurredAtMs: firstDueAt,
    sender: page,
  };
};

/** What a message says; null: nothing of it is for this subscriber any more. */
const noticeOf = (message: MessageToSend, naming: MessageNaming, links: Links): Notice | null => {
  const { kind, event, events, subscriber, id, firstDueAt } = message;
  const { language } = naming;
  if (kind === "confirmation")
    return plainNotice(message, naming, [{ label: say(language, "confirmLink"), url: links.confirm }]);
  if (kind === "reminder") return plainNotice(message, naming, [{ label: say(language, "manage"), url: links.manage }]);
  if (kind === "event") return event === null ? null : noticeForSubscriber(event, naming);
  // As with single messages: who was confirmed later is not told of what went before.
  const since = subscriber.confirmedAt ?? firstDueAt;
  const own = events.filter((one) => {
    if (one.occurredAt < since) return false;
    const telling = tellingOf(one.type, one.subject, one.data);
    return telling !== null && isFor(telling, subscriber);
  });
  if (own.length === 0) return null;
  return digestNotice(
    own.map((one) => noticeForSubscriber(one, naming)),
    naming,
    id,
    firstDueAt,
  );
};

const mailOf = (message: MessageToSend, notice: Notice, args: { links: Links; from: string }): SubscriberParcel => {
  const { subscriber, kind, event, id, address } = message;
  const { language } = subscriber;
  const { links, from } = args;
  const isConfirmation = kind === "confirmation";
  const foot = isConfirmation
    ? []
    : [
        { label: say(language, "manage"), url: links.manage },
        { label: say(language, "unsubscribe"), url: links.unsubscribe },
      ];
  const host = /@([^\s<>@]+)>?\s*$/.exec(from)?.[1] ?? "localhost";
  const idOf = (key: string): string => `<${key.replaceAll(/[^A-Za-z0-9._-]/g, "-")}.${subscriber.id}@${host}>`;
  const thread =
    kind === "event" && event !== null && event.type !== "component.status_changed" ? idOf(event.subject) : null;
  const begins = thread !== null && notice.phase === "begins";
  const mail: Mail = {
    from,
    to: [address],
    ...subscriberMail(notice, foot, language),
    messageId: begins ? thread : idOf(id),
    inReplyTo: begins ? null : thread,
    references: begins || thread === null ? [] : [thread],
    headers: {
      "Auto-Submitted": "auto-generated",
      "X-Auto-Response-Suppress": "All",
      ...(isConfirmation
        ? {}
        : {
            "List-Unsubscribe": `<${links.unsubscribe}>`,
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
          }),
    },
  };
  return { kind: "addressed_mail", mail };
};

const webhookOf = (
  message: MessageToSend,
  page: PageFacts,
  args: { naming: MessageNaming; links: Links; timestampSeconds: number },
): SubscriberParcel => {
  const { kind, event, before, events, id, firstDueAt, address, secret } = message;
  const { links, naming, timestampSeconds } = args;
  const { snapshot } = page;
  const context = { snapshot, pageUrl: naming.pageUrl, unsubscribeUrl: links.unsubscribe, generatedAt: firstDueAt };
  const told = kind === "digest" ? (events.at(-1) ?? null) : event;
  if (kind !== "confirmation" && told === null) return { kind: "nothing", reason: "there is nothing to tell" };
  const body = JSON.stringify(
    told === null
      ? webhookConfirmation(context, { challenge: links.challenge, confirmUrl: links.confirm })
      : statuspageWebhook(told, context, before?.data ?? null),
  );
  const signed = signWebhook({
    id,
    timestampSeconds,
    body: Buffer.from(body),
    secrets: secret === null ? [] : [secret],
  });
  return {
    kind: "request",
    url: address,
    headers: { "content-type": "application/json; charset=utf-8", "user-agent": "Nines-Webhooks/1", ...signed },
    signatures: [],
    body,
    judge: (status, retryAfterMs) => judgeStatus(status, retryAfterMs),
    ...(told === null ? { challenge: links.challenge } : {}),
  };
};

/** Makes what is sent to one subscriber. The same message gives the same text on every attempt. */
export const parcelForSubscriber = (
  message: MessageToSend,
  page: PageFacts,
  args: { readonly keys: SubscriberKeys; readonly timestampSeconds: number },
): SubscriberParcel => {
  const { channel } = message.subscriber;
  const naming = namingOf(message, page);
  const links = linksOf(message, naming.pageUrl, args.keys);
  if (message.kind === "reminder" && channel !== "email")
    return { kind: "nothing", reason: "it is subscribed already" };
  if (channel === "webhook") return webhookOf(message, page, { ...args, naming, links });
  const notice = noticeOf(message, naming, links);
  if (notice === null) return { kind: "nothing", reason: "there is nothing to tell" };
  if (channel === "email") {
    return page.mailFrom === null
      ? { kind: "nothing", reason: "there is no mail server any more" }
      : mailOf(message, notice, { links, from: page.mailFrom });
  }
  const unsubscribe = { label: say(naming.language, "unsubscribe"), url: links.unsubscribe };
  const rendered = CHANNELS[channel].render(
    { ...notice, links: [...notice.links, unsubscribe] },
    { url: message.address, secret: null },
  );
  if (rendered.kind !== "request") return { kind: "nothing", reason: "the channel has no form for it" };
  return {
    ...rendered,
    headers: { "user-agent": "Nines-Webhooks/1", ...rendered.headers },
    signatures: [],
    judge: (status, retryAfterMs, bodyExcerpt) => CHANNELS[channel].judge({ status, retryAfterMs, bodyExcerpt }),
  };
};
