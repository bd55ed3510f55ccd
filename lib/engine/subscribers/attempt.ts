import type { Database } from "#db/database.ts";
import { readConfigDocument, readServices } from "#db/queries/config.ts";
import { readMailSettings } from "#db/queries/mail-settings.ts";
import { readSnapshot } from "#db/queries/snapshots.ts";
import type { ClaimedMessage } from "#db/queries/subscriber-messages.ts";
import { readEventBefore, readToldBetween, readToldEvent } from "#db/queries/subscriber-messages.ts";
import { readSubscriber } from "#db/queries/subscribers.ts";
import { openMailSettings } from "#lib/commands/apply-mail.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import type { SubscriberKeys } from "#lib/commands/subscribers/keys.ts";
import {
  openSubscriberKeys,
  subscriberAddressContext,
  subscriberSecretContext,
} from "#lib/commands/subscribers/keys.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { repeatsChallenge } from "#lib/contracts/subscriber-webhook.ts";
import type { MailDefinition } from "#lib/core/definitions.ts";
import { judgeFailure } from "#lib/core/delivery/judge-answer.ts";
import { retryAfterOf } from "#lib/core/delivery/retry-after.ts";
import { digestFrom } from "#lib/core/subscribers/pace.ts";
import { allowanceOf } from "#lib/core/subscribers/reach.ts";
import { drawTraceparent } from "#lib/core/trace-context.ts";
import { postJson } from "#lib/egress/post.ts";
import { sendMail } from "#lib/egress/send-mail.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { mailServerOf } from "../channels/mail.ts";
import { pageFactsBy } from "./pages.ts";
import type { MessageToSend, PageFacts, SubscriberParcel } from "./parcel.ts";
import { parcelForSubscriber } from "./parcel.ts";
import type { MessageReport } from "./settle.ts";

/** What all messages of a round are made and sent with. */
export type RoundFacts = {
  /** Null: there is no page of this id any more. */
  readonly pageOf: (pageId: string) => PageFacts | null;
  readonly snapshot: Snapshot | null;
  readonly mail: MailDefinition | null;
  /** The page's, by which digests are due. */
  readonly timeZone: string;
  readonly allow: readonly string[];
  readonly keys: SubscriberKeys;
};

export type SubscriberAttemptDeps = {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
};

/** How long a receiver or a mail server may take. */
export const SUBSCRIBER_TIMEOUT_MS = 20_000;
const MOST_ANSWER_BYTES = 4_096;
const MOST_OF_DIGEST = 200;

/**
 * Reads the page as it stands now; `known` is the snapshot of the last time, which is large and read only when it changed.
 * Null before the first configuration.
 */
export const readRoundFacts = async (
  deps: SubscriberAttemptDeps,
  known: Snapshot | null,
): Promise<RoundFacts | null> => {
  const { database, secretBox, randomBytes } = deps;
  const document = await database.read(readConfigDocument);
  if (document === null) return null;
  const services = await database.read(readServices);
  const settings = await database.read(readMailSettings);
  const mail = settings === null ? null : openMailSettings(secretBox, settings);
  const snapshot = (await database.read((db) => readSnapshot(db, known?.version ?? 0))) ?? known;
  return {
    pageOf: pageFactsBy({ document, services, snapshot, mailFrom: mail?.from ?? null }),
    snapshot,
    mail,
    timeZone: document.page.timeZone,
    allow: document.egress.allow,
    keys: await database.transaction((tx) => openSubscriberKeys(tx, secretBox, randomBytes)),
  };
};

const gather = async (
  deps: SubscriberAttemptDeps,
  message: ClaimedMessage,
  timeZone: string,
): Promise<MessageToSend | string> => {
  const { database, secretBox } = deps;
  const { id, kind, firstDueAt, subscriberId, eventId } = message;
  const digested = [digestFrom(firstDueAt, timeZone), firstDueAt] as const;
  return database.read(async (db) => {
    const subscriber = await readSubscriber(db, subscriberId);
    if (subscriber === null) return "the subscriber is gone";
    const wanted = kind === "confirmation" ? "unconfirmed" : "active";
    if (subscriber.state !== wanted) return `the subscriber is ${subscriber.state}`;
    const event = eventId === null ? null : await readToldEvent(db, eventId);
    if (kind === "event" && event === null) return "the event is gone";
    const isState = event?.type === "component.status_changed" && subscriber.channel === "webhook";
    return {
      ...{ id, kind, firstDueAt, subscriber, event },
      address: secretBox.open(subscriber.addressCiphertext, subscriberAddressContext(subscriberId)),
      secret:
        subscriber.secretCiphertext === null
          ? null
          : secretBox.open(subscriber.secretCiphertext, subscriberSecretContext(subscriberId)),
      before: isState && event !== null ? await readEventBefore(db, event) : null,
      events: kind === "digest" ? await readToldBetween(db, ...digested, MOST_OF_DIGEST) : [],
    };
  });
};

const send = async (
  deps: SubscriberAttemptDeps,
  { parcel, createdBy }: { parcel: Exclude<SubscriberParcel, { kind: "nothing" }>; createdBy: string },
  { mail, allow }: RoundFacts,
  signal: AbortSignal,
): Promise<MessageReport> => {
  const { clock } = deps;
  const shared = { timeoutMs: SUBSCRIBER_TIMEOUT_MS, signal, clock };
  if (parcel.kind === "addressed_mail") {
    if (mail === null) return { outcome: judgeFailure("there is no mail server any more"), refusal: null };
    const server = mailServerOf(
      { url: mail.url, secrets: [mail.secret] },
      { username: mail.username, starttls: mail.starttls },
    );
    const { outcome, refusal = null } = await sendMail({ ...shared, allow, server, mail: parcel.mail });
    return { outcome, refusal };
  }
  const { url, headers, body } = parcel;
  const { traceparent } = drawTraceparent(() => (deps.randomBytes(1)[0] ?? 0) / 256);
  const request = { url, headers: { ...headers, traceparent }, body, maxResponseBytes: MOST_ANSWER_BYTES };
  const answer = await postJson({ ...shared, ...request, allow: allowanceOf(createdBy, allow) });
  if (answer.kind === "failed") return { outcome: judgeFailure(answer.reason), refusal: null };
  const retryAfterMs = retryAfterOf(answer.headers["retry-after"] ?? null, clock.now());
  const { challenge } = parcel;
  const isProven = challenge !== undefined && repeatsChallenge(answer.bodyExcerpt, challenge);
  return { outcome: parcel.judge(answer.status, retryAfterMs, answer.bodyExcerpt), refusal: null, isProven };
};

const OTHER_PAGE = "it is about services of another page";

/** The message with what the subscriber's page may tell of its events; null: it may not be told at all. */
const onPage = (message: MessageToSend, page: PageFacts): MessageToSend | null => {
  const event = message.event === null ? null : page.onPage(message.event);
  if (event === null && message.event !== null) return null;
  return { ...message, event, events: message.events.flatMap((one) => page.onPage(one) ?? []) };
};

/** Makes one attempt. Whatever goes wrong becomes a report, so that one message never stops the others. */
export const attemptMessage = async (
  deps: SubscriberAttemptDeps,
  message: ClaimedMessage,
  facts: RoundFacts,
  signal: AbortSignal,
): Promise<MessageReport> => {
  try {
    const whole = await gather(deps, message, facts.timeZone);
    if (typeof whole === "string") return { outcome: { kind: "canceled", reason: whole }, refusal: null };
    const timestampSeconds = Math.floor(deps.clock.now() / 1_000);
    const page = facts.pageOf(whole.subscriber.pageId);
    if (page === null) return { outcome: { kind: "canceled", reason: "the page is gone" }, refusal: null };
    const own = onPage(whole, page);
    if (own === null) return { outcome: { kind: "canceled", reason: OTHER_PAGE }, refusal: null };
    const parcel = parcelForSubscriber(own, page, { keys: facts.keys, timestampSeconds });
    if (parcel.kind === "nothing") return { outcome: { kind: "canceled", reason: parcel.reason }, refusal: null };
    return await send(deps, { parcel, createdBy: own.subscriber.createdBy }, facts, signal);
  } catch (error) {
    // The message of an unexpected error may quote an address, so only its kind is kept.
    const reason = `the attempt could not be made (${error instanceof Error ? error.name : "unknown error"})`;
    return { outcome: judgeFailure(reason), refusal: null };
  }
};
