import { z } from "zod";
import { HTTP_METHODS } from "#lib/core/definitions.ts";
import { DAY_MS, MINUTE_MS, SECOND_MS } from "#lib/core/units.ts";
import { checkHost, checkSecretReference } from "../rules/host.ts";
import { checkWebUrl } from "../rules/url.ts";
import type { Check } from "../scalars.ts";
import { checkId, checkInteger, checkName, duration, ID, number, text } from "../scalars.ts";

// Fields that several sections of the file share.

/** Limits of durations that are compared with each other, too. */
export const LIMITS = {
  interval: { min: SECOND_MS, max: DAY_MS },
  timeout: { min: 1, max: DAY_MS },
  alertWindow: { min: MINUTE_MS, isWholeMinutes: true, max: 90 * DAY_MS },
} as const;

const MAX_NAME = 200;
const MAX_BODY = 65_536;
const MAX_SENT = 4_096;

/** The id of a thing that the file defines. */
export const id = (what: string) =>
  text(checkId, {
    description: `Identifies the ${what}; used in addresses, so choose it for years`,
    pattern: ID.source,
    "x-type": "id",
  });

/** The id of a thing that stands elsewhere in the file; that it exists is checked over the whole file. */
export const reference = (what: string) => text(() => null, { description: `Id of a ${what}`, "x-type": "id" });

/** What people read: not empty, up to 200 characters. */
export const name = (description: string, more: Record<string, unknown> = {}) =>
  text(checkName(MAX_NAME), { description, minLength: 1, maxLength: MAX_NAME, ...more });

const checkLength =
  (max: number): Check<string> =>
  (value) =>
    value.length > max ? { kind: "limit", message: `must have at most ${max} characters` } : null;

/** An http or https address; the egress policy judges it apart. */
export const webUrl = (description: string) =>
  text(checkWebUrl, {
    description,
    format: "uri",
    "x-type": "URL",
    "x-limits": "http or https, no user name, 2,048 characters",
  });

export const method = z.enum(HTTP_METHODS).meta({ description: "Method of the request", default: "GET" }).optional();
export const body = text(checkLength(MAX_BODY), {
  description: "Body to send",
  maxLength: MAX_BODY,
  "x-default": "no body",
}).optional();
export const headers = z
  .record(z.string(), z.string())
  .meta({
    description: "Headers to send",
    default: {},
    "x-type": "mapping of text",
    "x-limits": "100; not host, content-length, transfer-encoding, connection, upgrade, te, trailer, expect, proxy-*",
  })
  .optional();
export const maxRedirects = number(checkInteger(0, 10), {
  description: "How many redirects are followed; with 0 a redirect is the answer",
  default: 10,
  type: "integer",
  minimum: 0,
  maximum: 10,
}).optional();

const credential = (description: string) =>
  text(checkSecretReference, { description, "x-type": "secret", "x-limits": "`env:NAME` or `file:PATH`" });

const BasicFile = z.strictObject({
  username: text(
    (value) => {
      if (value === "" || /[:\p{Cc}]/u.test(value))
        return { kind: "format", message: "must not be empty and hold neither colons nor control characters" };
      return checkLength(MAX_NAME)(value);
    },
    { description: "Name to sign in with", maxLength: MAX_NAME },
  ),
  password: credential("Password"),
});

/** Exactly one of the two; check/probe.ts sees to it. */
export const auth = z
  .strictObject({
    basic: BasicFile.meta({ description: "Name and password (RFC 7617)" }).optional(),
    bearer: credential("Token of `authorization: Bearer`").optional(),
  })
  .meta({ description: "Credentials to send: `basic` or `bearer`", "x-default": "none" })
  .optional();

export const clientCertificate = z
  .strictObject({
    cert: credential("Certificate in PEM, with its chain if it has one"),
    key: credential("Private key in PEM, not encrypted"),
  })
  .meta({ description: "Shown to a server that asks for a certificate", "x-default": "none" })
  .optional();

/** A host name or an address, without scheme and port. */
export const host = (description: string) =>
  text(checkHost, { description, "x-type": "host name or address", "x-limits": "no scheme, no port" });

/** A port from 1 to 65,535. */
export const port = (description: string, standard?: number) =>
  number(checkInteger(1, 65_535), {
    description,
    type: "integer",
    minimum: 1,
    maximum: 65_535,
    ...(standard === undefined ? {} : { default: standard }),
  });
export const sent = text(checkLength(MAX_SENT), {
  description: 'Text to send once connected; double quotes give line ends: `"PING\\r\\n"`',
  maxLength: MAX_SENT,
  "x-default": "nothing",
}).optional();

/** The RE2 pattern that an answer has to match; none when nothing is waited for. */
export const expected = (description: string) =>
  text(() => null, {
    description,
    maxLength: 1_000,
    "x-type": "RE2 pattern",
    "x-default": "nothing is waited for",
  }).optional();

const locations = z.array(reference("location")).min(1).meta({ description: "Where the probe runs" });

export const probeId = id("probe, in the whole file");

/** What probes of all types have; heartbeats differ in how time is told. */
export const common = {
  interval: duration(LIMITS.interval, { description: "Time between two runs" }),
  timeout: duration(LIMITS.timeout, {
    description: "Deadline of a run over all its phases; at most the interval",
    "x-default": "the interval, at most 10s",
  }).optional(),
  locations,
} as const;
