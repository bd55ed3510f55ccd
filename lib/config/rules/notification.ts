import type { Complaint } from "../config-error.ts";
import type { Check } from "../scalars.ts";
import { HOST_NAME } from "../scalars.ts";
import { checkWebUrl } from "./url.ts";

// What can be said of single values of notifications. Nothing of an address is repeated: it may be the credential.

/** `env:NAME` or `file:PATH`, but no `file://` address. */
export const isReference = (text: string): boolean => /^(?:env:|file:(?!\/\/))/.test(text);

/** A web address, or where it stands. */
export const checkAddressUrl: Check<string> = (text) => (isReference(text) ? null : checkWebUrl(text));

/** The address of a mail server, without credentials and without a path. */
export const checkMailServer: Check<string> = (text) => {
  const format: Complaint = { kind: "format", message: "must be smtps://host or smtp://host, with a port if need be" };
  if (text.length > 2_048 || /[\s\p{Cc}]/u.test(text) || !URL.canParse(text)) return format;
  const url = new URL(text);
  if (url.protocol !== "smtps:" && url.protocol !== "smtp:") {
    return { kind: "unsafe", message: "must start with smtps:// or smtp://; other schemes are refused" };
  }
  if (url.username !== "" || url.password !== "") {
    return { kind: "unsafe", message: "must not hold a user name or password; use username and secret" };
  }
  const isBare = url.search === "" && url.hash === "" && (url.pathname === "" || url.pathname === "/");
  return url.hostname !== "" && isBare ? null : format;
};

/** The address of a mail server, or a reference to where it stands. */
export const checkMailUrl: Check<string> = (text) => (isReference(text) ? null : checkMailServer(text));

const LOCAL = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}$/;

/** One mail address without a name: the usual form of RFC 5321, no quotes, no comments. */
export const checkAddress: Check<string> = (text) => {
  const at = text.lastIndexOf("@");
  const isAddress = at > 0 && text.length <= 254 && LOCAL.test(text.slice(0, at)) && HOST_NAME.test(text.slice(at + 1));
  return isAddress ? null : { kind: "format", message: "must be a mail address such as nines@example.com" };
};

const NAMED = /^([^<>"\p{Cc}]{1,100}?) ?<([^<>\s]+)>$/u;

/** An address, or a name and an address in angle brackets. */
export const checkSender: Check<string> = (text) => checkAddress(NAMED.exec(text)?.[2] ?? text);

/** A routing key of PagerDuty. */
export const checkRoutingKey: Check<string> = (key) =>
  /^[A-Za-z0-9]{32}$/.test(key) ? null : { kind: "format", message: "names a key that has not 32 letters and digits" };

const OURS = /^(?:content-type|user-agent|webhook-.*|x-nines-.*)$/i;

/** Headers that a receiver knows our messages by cannot be configured. */
export const checkOwnHeader: Check<string> = (name) =>
  OURS.test(name) ? { kind: "unsafe", message: "is set by Nines itself and must not be configured" } : null;
