import type { Db } from "#db/database.ts";
import { readConfigDocument } from "#db/queries/config.ts";
import type { JudgeUrl } from "#lib/config/rules/egress.ts";
import { createEgressRules } from "#lib/config/rules/egress.ts";
import { checkHeaderValue, checkRequestHeaderName } from "#lib/config/rules/header.ts";
import { checkWebUrl } from "#lib/config/rules/url.ts";
import { AppError } from "#lib/core/errors.ts";

// What an endpoint must look like beside its form: rules that need the configuration in force.

/** What the sender writes itself; a field of this name would be replaced silently. */
const OWN_HEADER = /^(?:content-type|user-agent|x-nines-signature|webhook-.*)$/i;

const refuse = (detail: string): never => {
  throw new AppError("INVALID_REQUEST", detail);
};

/**
 * Judges an address as the file's are judged: its form, the address policy with `egress.allow`, https. The message
 * never repeats it. @throws AppError INVALID_REQUEST
 */
export const assertAddress = async (db: Db, url: string, judgeUrl: JudgeUrl, field = "url"): Promise<void> => {
  const document = await readConfigDocument(db);
  const rules = createEgressRules(document?.egress.allow ?? [], judgeUrl);
  const complaint = checkWebUrl(url) ?? rules.checkWebhookUrl(url);
  if (complaint !== null) refuse(`${field} ${complaint.message}`);
};

/** @throws AppError INVALID_REQUEST; the message never repeats a value. */
export const assertHeaders = (headers: Readonly<Record<string, string>>): void => {
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  if (new Set(names).size < names.length) refuse("headers name a field twice");
  for (const [name, value] of Object.entries(headers)) {
    const complaint = checkRequestHeaderName(name) ?? checkHeaderValue(value);
    if (complaint !== null) refuse(`headers: a field ${complaint.message}`);
    if (OWN_HEADER.test(name)) refuse(`headers: ${name.toLowerCase()} is set by Nines itself`);
  }
};
