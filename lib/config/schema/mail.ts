import { z } from "zod";
import { checkSecretReference } from "../rules/host.ts";
import { checkMailUrl, checkSender } from "../rules/notification.ts";
import { checkInteger, checkName, number, text } from "../scalars.ts";

// The section `mail`: the server that mails to subscribers go through.

export const MAIL_PER_SECOND = 20;

export const MailFile = z.strictObject({
  url: text(checkMailUrl, {
    description: "Mail server: `smtps://host[:465]`, or `smtp://host[:587]`, which speaks STARTTLS",
    format: "uri",
    "x-type": "URL, or secret",
  }),
  from: text(checkSender, {
    description: "Sender: `status@example.com` or `Acme status <status@example.com>`",
    "x-type": "mail address",
  }),
  username: text(checkName(200), { description: "Name to sign in with", "x-default": "no sign-in" }).optional(),
  secret: text(checkSecretReference, {
    description: "Password to sign in with",
    "x-type": "secret",
    "x-limits": "`env:NAME` or `file:PATH`",
    "x-default": "no sign-in",
  }).optional(),
  starttls: z
    .boolean()
    .meta({ description: "False sends without encryption, and only to hosts that `egress.allow` names", default: true })
    .optional(),
  max_per_second: number(checkInteger(1, 1_000), {
    type: "integer",
    minimum: 1,
    maximum: 1_000,
    description: "Mails a second",
    default: MAIL_PER_SECOND,
  }).optional(),
});
export type MailFile = z.infer<typeof MailFile>;
