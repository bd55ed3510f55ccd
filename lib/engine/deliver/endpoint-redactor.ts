import { REDACTED, redactText } from "#lib/runtime/redact.ts";
import type { OpenedEndpoint } from "../channels/send.ts";

const LONGEST_EXCERPT = 16_384;
const LEAST_SECRET_SEGMENT = 12;
/** From this length on a word of a header, such as what follows "Bearer", and a value of a query are taken for secrets. */
const LEAST_SECRET_WORD = 8;
/** What is left of a secret that was cut is taken out from this length on. */
const LEAST_BEGINNING = 6;

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Services quote the part of an address that is the credential without what stands before it. */
const secretsOfAddress = (url: string): readonly string[] => {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null) return [url];
  const target = `${parsed.pathname}${parsed.search}`;
  const segments = parsed.pathname.split("/").filter((segment) => segment.length >= LEAST_SECRET_SEGMENT);
  const written = parsed.search.slice(1).split("&");
  const values = [...written.map((pair) => pair.slice(pair.indexOf("=") + 1)), ...parsed.searchParams.values()];
  return [
    url,
    ...(target.length > 1 ? [target] : []),
    ...segments.flatMap((segment) => [segment, decoded(segment)]),
    ...values.filter((value) => value.length >= LEAST_SECRET_WORD),
  ];
};

/** A value as it is sent, the words of it, and what stands in base64 behind "Basic". */
const secretsOfHeader = (value: string): readonly string[] => {
  const words = value.split(/[\s;,=]+/).filter((word) => word.length >= LEAST_SECRET_WORD);
  const basic = /^basic\s+(\S+)$/i.exec(value)?.[1];
  const pair = basic === undefined ? "" : Buffer.from(basic, "base64").toString("utf8");
  const password = pair.slice(pair.indexOf(":") + 1);
  return [value, ...words, ...[pair, password].filter((text) => text.length >= LEAST_SECRET_WORD)];
};

/** The forms in which a text may come back: as it is, in JSON, in an address, in base64. */
const formsOf = (text: string): readonly string[] => {
  const base64 = Buffer.from(text, "utf8").toString("base64").replace(/=+$/, "");
  return [
    text,
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(text.toWellFormed()),
    ...(text.length >= LEAST_SECRET_WORD ? [base64] : []),
  ];
};

/** An excerpt that was cut may end within a secret. */
const withoutBegunSecret = (text: string, hidden: readonly string[]): string => {
  for (const form of hidden)
    for (let length = Math.min(form.length - 1, text.length); length >= LEAST_BEGINNING; length -= 1)
      if (text.endsWith(form.slice(0, length))) return `${text.slice(0, -length)}${REDACTED}`;
  return text;
};

/** Makes a function that takes the endpoint's address and secrets out of a text: receivers echo what they get. */
export const redactorOf = (endpoint: OpenedEndpoint, signatures: readonly string[]): ((text: string) => string) => {
  const { url, secrets, headers } = endpoint;
  const sent = [
    ...secretsOfAddress(url),
    ...secrets.flatMap((secret) => [secret, secret.replace(/^whsec_/, "")]),
    ...Object.values(headers).flatMap(secretsOfHeader),
    ...signatures,
  ];
  const hidden = [...new Set(sent.flatMap(formsOf))]
    .filter((part) => part.length > 1)
    .sort((a, b) => b.length - a.length);
  return (text) => {
    const cleaned = withoutBegunSecret(
      hidden.reduce((rest, part) => rest.replaceAll(part, REDACTED), text),
      hidden,
    );
    const shown = redactText(cleaned.replaceAll("\u0000", "\ufffd"), LONGEST_EXCERPT);
    return shown.slice(0, LONGEST_EXCERPT).toWellFormed();
  };
};
