import type { MailDefinition } from "#lib/core/definitions.ts";
import type { MailFile } from "../schema/mail.ts";
import { MAIL_PER_SECOND } from "../schema/mail.ts";

/** The mail server of the file as the engine knows it. `secretAt`: what a reference leads to, by the key it stands at. */
export const toMail = (file: MailFile, secretAt: (key: "url" | "secret") => string | null): MailDefinition => ({
  url: secretAt("url") ?? file.url,
  secret: secretAt("secret") ?? "",
  from: file.from,
  username: file.username ?? null,
  starttls: file.starttls ?? true,
  maxPerSecond: file.max_per_second ?? MAIL_PER_SECOND,
});
