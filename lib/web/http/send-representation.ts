import type { Exchange } from "./exchange.ts";
import { send } from "./exchange.ts";
import { codingFor, matchesEtag, remember } from "./negotiate.ts";
import type { Representation, Variant } from "./representation.ts";

const codingOf = remember(codingFor);

const isUnchanged = (exchange: Exchange, variant: Variant, lastModifiedMs: number): boolean => {
  const { headers } = exchange.req;
  const tags = headers["if-none-match"];
  if (tags !== undefined) return matchesEtag(tags, variant.etag);
  const since = headers["if-modified-since"];
  if (since === undefined) return false;
  const sinceMs = Date.parse(since);
  return Number.isFinite(sinceMs) && lastModifiedMs <= sinceMs;
};

const withoutStore = (headers: readonly string[]): readonly string[] => {
  const at = headers.indexOf("Cache-Control");
  return headers.map((value, index) => (index === at + 1 ? "no-store" : value));
};

/**
 * Answers with prebuilt bytes: 200 or 304 by If-None-Match, else If-Modified-Since (RFC 9110, 13.2.2).
 * `noStore` serves the same content without letting a cache keep it under this address.
 */
export const sendRepresentation = (exchange: Exchange, representation: Representation, noStore = false): number => {
  const variant = representation.variants[codingOf(exchange.req.headers["accept-encoding"] as string | undefined)];
  if (isUnchanged(exchange, variant, representation.lastModifiedMs)) {
    send(exchange, 304, noStore ? withoutStore(variant.notModifiedHeaders) : variant.notModifiedHeaders, null);
    return 304;
  }
  send(exchange, 200, noStore ? withoutStore(variant.okHeaders) : variant.okHeaders, variant.body);
  return 200;
};

/** Prebuilt bytes as the body of a refusal, which nobody may keep. */
export const sendRefusal = (exchange: Exchange, representation: Representation, status: number): number => {
  const variant = representation.variants[codingOf(exchange.req.headers["accept-encoding"] as string | undefined)];
  send(exchange, status, withoutStore(variant.okHeaders), variant.body);
  return status;
};
