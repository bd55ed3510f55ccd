import type { DnsRecord } from "#lib/core/definitions.ts";
import { normaliseAnswer, normaliseDomain } from "#lib/core/dns-answer.ts";
import type { Complaint } from "../config-error.ts";
import type { Check } from "../scalars.ts";

const MAX_ANSWER = 1_024;

/** A domain name in ASCII. */
export const checkDnsName: Check<string> = (text) => {
  if (text.length > 254) return { kind: "limit", message: "must have at most 253 characters" };
  if (normaliseDomain(text) !== null) return null;
  return { kind: "format", message: "must be a domain name in ASCII, such as example.com" };
};

const FORMS: Readonly<Record<DnsRecord, string>> = {
  A: "an IPv4 address",
  AAAA: "an IPv6 address",
  CNAME: "a domain name",
  NS: "a domain name",
  MX: "a number and a domain name, such as 10 mx1.example.com",
  SRV: "priority, weight, port and a domain name",
  TXT: "text",
};

/** What is wrong with the data of a record that an answer is asked to hold. */
export const checkAnswer = (record: DnsRecord, text: string): Complaint | null => {
  if (text.length > MAX_ANSWER) return { kind: "limit", message: `must have at most ${MAX_ANSWER} characters` };
  if (normaliseAnswer(record, text) !== null) return null;
  return { kind: "format", message: `must be ${FORMS[record]}` };
};
