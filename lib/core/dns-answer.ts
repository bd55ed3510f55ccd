import type { DnsRecord } from "./definitions.ts";

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
const LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const DOMAIN = new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})*$`);
const NUMBER = /^(?:0|[1-9]\d{0,4})$/;

/** A domain name in lower case without its last dot; null when it is none. The root is ".". */
export const normaliseDomain = (text: string): string | null => {
  const name = text.toLowerCase();
  if (name === ".") return name;
  const bare = name.endsWith(".") ? name.slice(0, -1) : name;
  return DOMAIN.test(bare) ? bare : null;
};

const normaliseIpv6 = (text: string): string | null => {
  if (!/^[0-9a-f:.]+$/i.test(text)) return null;
  return URL.parse(`http://[${text}]/`)?.hostname.slice(1, -1) ?? null;
};

const isUint16 = (text: string): boolean => NUMBER.test(text) && Number(text) <= 65_535;

/** Numbers and then a domain name, as in MX (1 number) and SRV (3). */
const normaliseNumbered = (text: string, numbers: number): string | null => {
  const parts = text.trim().split(/\s+/);
  const domain = normaliseDomain(parts.at(-1) ?? "");
  if (parts.length !== numbers + 1 || domain === null || !parts.slice(0, -1).every(isUint16)) return null;
  return [...parts.slice(0, -1), domain].join(" ");
};

/**
 * The data of a record in one spelling, so that what is asked for and what came compare as texts: names in lower case
 * without a last dot, IPv6 as RFC 5952 has it, MX and SRV with single blanks. Null when it is no such data.
 */
export const normaliseAnswer = (record: DnsRecord, text: string): string | null => {
  switch (record) {
    case "A":
      return IPV4.test(text) ? text : null;
    case "AAAA":
      return normaliseIpv6(text);
    case "CNAME":
    case "NS":
      return normaliseDomain(text);
    case "MX":
      return normaliseNumbered(text, 1);
    case "SRV":
      return normaliseNumbered(text, 3);
    case "TXT":
      return text;
  }
};
