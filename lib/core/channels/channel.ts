import type { AttemptOutcome } from "../delivery/judge-answer.ts";
import type { DurationMs } from "../units.ts";
import type { Notice } from "./notice.ts";

export const CHANNEL_TYPES = ["slack", "pagerduty", "alertmanager", "discord", "teams", "ntfy", "email"] as const;
export type ChannelType = (typeof CHANNEL_TYPES)[number];
/** Whom events are delivered to: our own signed webhook, or a channel with a shape of its own. */
export type EndpointType = "webhook" | ChannelType;

/** One POST. */
export type ChannelRequest = {
  readonly kind: "request";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** UTF-8. */
  readonly body: string;
};

/** A mail without its addresses, which the sender knows. */
export type ChannelMail = {
  readonly kind: "mail";
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Local parts of `Message-ID`: this mail's own, and that of the thread it belongs to. */
  readonly messageKey: string;
  readonly threadKey: string;
  /** Other threads that it belongs to. */
  readonly relatedKeys: readonly string[];
  /** The first message of its thread, which the later ones answer. */
  readonly beginsThread: boolean;
};

/** A channel has no place for this kind of message: the delivery ends as accepted, with this reason in its log. */
export type NothingToSend = { readonly kind: "nothing"; readonly reason: string };

export type ChannelMessage = ChannelRequest | ChannelMail | NothingToSend;

/** What a hosted service answered. */
export type ChannelAnswer = {
  readonly status: number;
  readonly retryAfterMs: DurationMs | null;
  /** The start of the body, for services that say there what is wrong. */
  readonly bodyExcerpt: string;
};

/** Where a channel sends to. Both are secrets in logs and pages. */
export type ChannelTarget = {
  /** As configured; of a mail channel the addresses. */
  readonly url: string;
  /** A key beside the address, for services that want one. */
  readonly secret: string | null;
  /** Of alertmanager; left out: `api`. */
  readonly format?: "api" | "webhook";
};

/** How one kind of channel says a notice and reads the answer. Pure. */
export type Channel = {
  readonly render: (notice: Notice, target: ChannelTarget) => ChannelMessage;
  readonly judge: (answer: ChannelAnswer) => AttemptOutcome;
};

export const JSON_HEADERS: Readonly<Record<string, string>> = { "content-type": "application/json; charset=utf-8" };
