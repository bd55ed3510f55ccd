import { z } from "zod";
import { EVENT_TYPES } from "#lib/contracts/events.ts";
import type { EndpointType } from "#lib/core/channels/channel.ts";
import { DEFAULTS } from "#lib/core/channels/defaults.ts";
import { DAY_MS, MINUTE_MS, SECOND_MS } from "#lib/core/units.ts";
import { checkSecretReference } from "../rules/host.ts";
import { checkAddress, checkAddressUrl, checkMailUrl, checkSender } from "../rules/notification.ts";
import type { Check, FieldMeta } from "../scalars.ts";
import { checkInteger, checkName, checkTimeZone, duration, number, text } from "../scalars.ts";
import { id, name, reference } from "./fields.ts";

// The section `notifications`. What takes two values to judge is in check/notification.ts.

const TIME_OF_DAY = /^([01]\d|2[0-3]):[0-5]\d$/;
const checkTimeOfDay: Check<string> = (value) =>
  TIME_OF_DAY.test(value) ? null : { kind: "format", message: "must be a time of day such as 22:00" };

const severities = (description: string, more: Partial<FieldMeta>) =>
  z
    .array(z.enum(["page", "ticket"]))
    .min(1)
    .meta({ description, ...more })
    .optional();

const QuietHoursFile = z.strictObject({
  from: text(checkTimeOfDay, { description: "Begin, on the clock of the zone", "x-type": "time of day" }),
  to: text(checkTimeOfDay, { description: "End; before `from` it is that of the next day", "x-type": "time of day" }),
  time_zone: text(checkTimeZone, {
    description: "Zone of both",
    "x-default": "that of the page",
    "x-type": "IANA time zone",
  }).optional(),
  severities: severities("Alerts that wait until the end. Pages never wait", { default: ["ticket"] }),
});

const url = (description: string) =>
  text(checkAddressUrl, {
    description,
    format: "uri",
    "x-type": "URL, or secret",
    "x-limits": "`env:NAME` and `file:PATH` too",
  });
const credential = (description: string) =>
  text(checkSecretReference, { description, "x-type": "secret", "x-limits": "`env:NAME` or `file:PATH`" });

const headers = z
  .record(z.string(), z.string())
  .meta({
    description: "Headers that every request carries; values may be `env:NAME` or `file:PATH`. Kept encrypted",
    default: {},
    "x-type": "mapping of text",
    "x-limits": "100; not those that Nines sets itself",
  })
  .optional();

const whole = (range: readonly [number, number], meta: FieldMeta) =>
  number(checkInteger(...range), { type: "integer", minimum: range[0], maximum: range[1], ...meta }).optional();

/** What every kind of receiver has. */
const commonOf = (type: EndpointType) => {
  const { events, timeoutMs, maxPerSecond } = DEFAULTS[type];
  return {
    id: id("notification"),
    type: z.literal(type).meta({ description: "Kind of receiver" }),
    description: name("What it is, for the people who look after it", { "x-default": "none" }).optional(),
    events: z
      .array(z.enum([...EVENT_TYPES, "*"]))
      .min(1)
      .meta({ description: "Types of events to send; `*` for all", default: events })
      .optional(),
    services: z
      .array(reference("service"))
      .min(1)
      .meta({ description: "Only events about these services, and events about none", "x-default": "all" })
      .optional(),
    severities: severities("Only alerts of these severities; other events are not touched", { "x-default": "all" }),
    timeout: duration(
      { min: 1, max: 30 * SECOND_MS },
      { description: "How long the receiver may take to answer", default: `${timeoutMs / SECOND_MS}s` },
    ).optional(),
    ordered: z
      .boolean()
      .meta({ description: "The next event waits until the one before it is done", default: false })
      .optional(),
    max_in_flight: whole([1, 64], { description: "Requests at once", default: 8 }),
    max_per_second: whole([1, 1_000], {
      description: "Requests a second",
      ...(maxPerSecond === null ? { "x-default": "no limit" } : { default: maxPerSecond }),
    }),
    fallback: text(() => null, {
      description: "Notification that is told what this one does not take",
      "x-type": "id",
      "x-default": "none",
    }).optional(),
    quiet_hours: QuietHoursFile.meta({ description: "Hours in which tickets wait", "x-default": "none" }).optional(),
    remind_every: duration(
      { min: 5 * MINUTE_MS, max: 7 * DAY_MS },
      { description: "Tells again of an alert that fires and that nobody acknowledged", "x-default": "never" },
    ).optional(),
  };
};

const chat = <Type extends EndpointType>(type: Type, what: string) =>
  z.strictObject({
    ...commonOf(type),
    type: z.literal(type).meta({ description: "Kind of receiver" }),
    url: url(`Address of the ${what}. Whoever knows it can write there: better \`env:NAME\` or \`file:PATH\``),
    headers,
  });

const WebhookFile = z.strictObject({
  ...commonOf("webhook"),
  type: z.literal("webhook").meta({ description: "Kind of receiver" }),
  url: url("Where events are posted. `http` and private addresses need `egress.allow`"),
  secret: text(() => null, {
    description: "Key that deliveries are signed with: `env:NAME`, `file:PATH`, or `whsec_` and base64",
    "x-type": "secret",
    "x-limits": "24 to 64 bytes",
  }),
  headers,
});

const PagerdutyFile = z.strictObject({
  ...commonOf("pagerduty"),
  type: z.literal("pagerduty").meta({ description: "Kind of receiver" }),
  url: url("Address of the Events API v2").meta({ default: DEFAULTS.pagerduty.url }).optional(),
  secret: credential("Routing key of the integration, 32 letters and digits"),
  headers,
});

const AlertmanagerFile = z.strictObject({
  ...commonOf("alertmanager"),
  type: z.literal("alertmanager").meta({ description: "Kind of receiver" }),
  url: url("With `format: api` the root of Alertmanager, else where to post"),
  secret: credential("Bearer token").meta({ "x-default": "none" }).optional(),
  format: z
    .enum(["api", "webhook"])
    .meta({
      description: "`api` posts to `/api/v2/alerts`; `webhook` sends the body of Alertmanager's webhook, version 4",
      default: "api",
    })
    .optional(),
  headers,
});

const NtfyFile = z.strictObject({
  ...commonOf("ntfy"),
  type: z.literal("ntfy").meta({ description: "Kind of receiver" }),
  url: url("Address of the topic, such as `https://ntfy.sh/my-topic`"),
  secret: credential("Access token").meta({ "x-default": "none" }).optional(),
  headers,
});

const EmailFile = z.strictObject({
  ...commonOf("email"),
  type: z.literal("email").meta({ description: "Kind of receiver" }),
  url: text(checkMailUrl, {
    description: "Mail server: `smtps://host[:465]`, or `smtp://host[:587]`, which speaks STARTTLS",
    format: "uri",
    "x-type": "URL, or secret",
  }),
  starttls: z
    .boolean()
    .meta({ description: "False sends without encryption, and only to hosts that `egress.allow` names", default: true })
    .optional(),
  username: text(checkName(200), { description: "Name to sign in with", "x-default": "no sign-in" }).optional(),
  secret: credential("Password to sign in with").meta({ "x-default": "no sign-in" }).optional(),
  from: text(checkSender, {
    description: "Sender: `nines@example.com` or `Nines <nines@example.com>`",
    "x-type": "mail address",
  }),
  to: z
    .array(text(checkAddress, { description: "Recipient", "x-type": "mail address" }))
    .min(1)
    .max(50)
    .meta({ description: "Recipients of every message" }),
});

export const NotificationFile = z.discriminatedUnion("type", [
  WebhookFile,
  chat("slack", "incoming webhook"),
  PagerdutyFile,
  AlertmanagerFile,
  chat("discord", "webhook of the channel"),
  chat("teams", "workflow"),
  NtfyFile,
  EmailFile,
]);
export type NotificationFile = z.infer<typeof NotificationFile>;
