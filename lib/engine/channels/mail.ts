import type { ChannelMail } from "#lib/core/channels/channel.ts";
import type { AllowList } from "#lib/egress/allow-list.ts";
import type { Mail, MailServer } from "#lib/egress/send-mail.ts";
import { sendMail } from "#lib/egress/send-mail.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { SendMail } from "../deliver/attempt.ts";
import type { OpenedEndpoint } from "./send.ts";

const PORTS = { tls: 465, starttls: 587, none: 25 } as const;

const textOf = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === "string") : [];

/** The mail server of an endpoint: `smtps://host[:port]`, or `smtp://host[:port]` with STARTTLS unless it is switched off. */
export const mailServerOf = (
  { url, secrets }: Pick<OpenedEndpoint, "url" | "secrets">,
  settings: Readonly<Record<string, unknown>>,
): MailServer => {
  const parsed = new URL(url);
  const security = parsed.protocol === "smtps:" ? "tls" : settings.starttls === false ? "none" : "starttls";
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ""),
    port: parsed.port === "" ? PORTS[security] : Number(parsed.port),
    security,
    username: textOf(settings.username),
    password: textOf(secrets[0]),
  };
};

/**
 * Addresses a mail. Message ids are made from what happened, so a retry is the same message, and everything about one
 * alert or incident stands in one thread: its first message has the thread's own id.
 */
const addressedMail = (
  { subject, text, html, messageKey, threadKey, relatedKeys, beginsThread }: ChannelMail,
  settings: Readonly<Record<string, unknown>>,
): Mail => {
  const from = textOf(settings.from) ?? "nines@localhost";
  const host = /@([^\s<>@]+)>?\s*$/.exec(from)?.[1] ?? "localhost";
  const idOf = (key: string): string => `<${key.replaceAll(/[^A-Za-z0-9._-]/g, "-")}@${host}>`;
  return {
    from,
    to: textsOf(settings.to),
    subject,
    text,
    html,
    messageId: beginsThread ? idOf(threadKey) : idOf(messageKey),
    inReplyTo: beginsThread ? null : idOf(threadKey),
    references: [...(beginsThread ? [] : [threadKey]), ...relatedKeys].map(idOf),
    headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
  };
};

/** Sends a channel's mail through the egress policy. */
export const mailThrough = (
  args: Parameters<SendMail>[0] & { readonly allow: AllowList; readonly clock: Clock },
): ReturnType<SendMail> =>
  sendMail({
    ...args,
    server: mailServerOf(args.endpoint, args.settings),
    mail: addressedMail(args.mail, args.settings),
  });
