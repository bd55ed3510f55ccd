import { isIP } from "node:net";
import { judgeAddress } from "./address-policy.ts";
import type { AllowList, CompiledAllowList } from "./allow-list.ts";
import { allowedLoopback, compileAllowList } from "./allow-list.ts";
import { isForbiddenPort } from "./forbidden-ports.ts";

export type UrlStage = "parse" | "literal" | "name";
export type UrlVerdict = {
  readonly verdict: "allow" | "deny";
  /** The stage that decided. */
  readonly stage: UrlStage;
  /** Plain words for the operator. What a target's owner sees is always "address not allowed". */
  readonly reason: string;
};

/** Controls, format characters (zero-width, bidi, soft hyphen), line separators and the fillers that show as nothing. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]/u;
const AUTHORITY = /^[a-z][a-z0-9+.-]*:[\\/]*([^\\/?#]*)/i;
const RESERVED_NAMES = ["localhost", "local", "internal", "home.arpa", "onion"] as const;

const deny = (stage: UrlStage, reason: string): UrlVerdict => ({ verdict: "deny", stage, reason });
const allowed = (stage: UrlStage, reason: string): UrlVerdict => ({ verdict: "allow", stage, reason });

const decodedAuthority = (text: string): string => {
  const authority = AUTHORITY.exec(text)?.[1] ?? "";
  try {
    return decodeURIComponent(authority);
  } catch {
    return authority;
  }
};

/** The host without brackets and trailing dot, lower case: an address in its one normal spelling, or a name. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");

const isLocalhost = (host: string): boolean => host === "localhost" || host.endsWith(".localhost");
const isReserved = (host: string): boolean =>
  RESERVED_NAMES.some((reserved) => host === reserved || host.endsWith(`.${reserved}`));

const judgeName = (host: string, allow: CompiledAllowList): UrlVerdict => {
  if (allow.names.has(host)) return allowed("name", "allowed by egress.allow");
  if (isLocalhost(host) && allowedLoopback(allow).length > 0) return allowed("name", "allowed by egress.allow");
  if (isReserved(host)) return deny("name", "reserved name");
  if (!host.includes(".")) return deny("name", "single-label name");
  return allowed("name", "public name, not resolved");
};

const judgeHost = (url: URL, allow: CompiledAllowList): UrlVerdict => {
  const host = hostOf(url);
  if (isIP(host) === 0) return judgeName(host, allow);
  const { verdict, reason } = judgeAddress(host, allow);
  return { verdict, stage: "literal", reason };
};

/**
 * Judges a URL without asking the network. Everything after this works on the parsed URL only, so that no second
 * parser can read it differently. A name that passes is still judged by its addresses before each connection.
 */
export const judgeUrl = (text: string, allow: AllowList): UrlVerdict => {
  if (INVISIBLE.test(text) || INVISIBLE.test(decodedAuthority(text))) return deny("parse", "invisible character");
  const url = URL.parse(text);
  if (url === null) return deny("parse", "not a URL");
  return judgeParsedUrl(url, allow, decodedAuthority(text).includes("@"));
};

/** The same for a URL that is parsed already, as a redirect resolved against the address it came from. */
const judgeParsedUrl = (url: URL, allow: AllowList, hasUserinfo = false): UrlVerdict => {
  if (url.protocol !== "http:" && url.protocol !== "https:") return deny("parse", "scheme not allowed");
  if (hasUserinfo || url.username !== "" || url.password !== "") return deny("parse", "userinfo in the URL");
  if (url.port === "0") return deny("parse", "port not allowed");
  const verdict = judgeHost(url, compileAllowList(allow));
  const isOpened = verdict.verdict === "allow" && verdict.reason === "allowed by egress.allow";
  if (verdict.verdict === "allow" && isForbiddenPort(url) && !isOpened) return deny("parse", "port not allowed");
  return verdict;
};

/**
 * Judges where a redirect leads. Null when its location is no URL at all. An answer that was protected on the way never
 * leads to one that is not.
 */
export const judgeRedirect = (
  from: URL,
  location: string,
  allow: AllowList,
): { readonly url: URL; readonly judged: UrlVerdict } | null => {
  const url = URL.parse(location, from);
  if (url === null) return null;
  if (INVISIBLE.test(location)) return { url, judged: deny("parse", "invisible character") };
  if (from.protocol === "https:" && url.protocol === "http:") {
    return { url, judged: deny("parse", "redirect from https to http") };
  }
  return { url, judged: judgeParsedUrl(url, allow, decodedAuthority(location).includes("@")) };
};
