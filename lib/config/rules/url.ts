import { fillTemplate, variablesIn } from "#lib/core/template.ts";
import { TRACE_ID_PLACE } from "#lib/core/trace-link.ts";
import type { Check } from "../scalars.ts";

const MAX_URL = 2_048;

/** What can be said of an address without the address policy. Nothing of the address is repeated: it may hold a secret. */
const checkUrl =
  (schemes: readonly [string, string], path: string): Check<string> =>
  (text) => {
    if (text.length > MAX_URL) return { kind: "limit", message: `must have at most ${MAX_URL} characters` };
    // The URL parser strips these silently; what was meant is unclear then.
    if (/[\s\p{Cc}]/u.test(text) || !URL.canParse(text)) {
      return { kind: "format", message: `must be an absolute address such as ${schemes[0]}//example.com/${path}` };
    }
    const url = new URL(text);
    if (!schemes.includes(url.protocol)) {
      return {
        kind: "unsafe",
        message: `must start with ${schemes[0]}// or ${schemes[1]}//; other schemes are refused`,
      };
    }
    if (url.username !== "" || url.password !== "") {
      return { kind: "unsafe", message: "must not hold a user name or password; send credentials in a header" };
    }
    if (!/^[a-z]+:\/\//i.test(text)) return { kind: "format", message: "must have two slashes after the scheme" };
    return null;
  };

export const checkWebUrl = checkUrl(["https:", "http:"], "health");
export const checkSocketUrl = checkUrl(["wss:", "ws:"], "live");

/** The public address of the page: http or https, without a query or a fragment. */
export const checkPageUrl: Check<string> = (text) => {
  const complaint = checkWebUrl(text);
  if (complaint !== null) return complaint;
  const { search, hash } = new URL(text);
  return search === "" && hash === "" ? null : { kind: "format", message: "must not hold a query or a fragment" };
};

/** A step's address with a plain word in place of each variable, for judging what is fixed about it. */
export const withoutVariables = (url: string): string => fillTemplate(url, () => "x");

/** What a target answered must not choose the host that is asked next. */
export const checkStepUrl: Check<string> = (text) => {
  const authority = /^[^:]*:\/*[^/?#]*/.exec(text)?.[0] ?? text;
  if (variablesIn(authority).length > 0) {
    return { kind: "unsafe", message: "must not hold variables before its path" };
  }
  return checkWebUrl(withoutVariables(text));
};

/** The address of a trace: like any other of the web, with the place of the id behind the host. */
export const checkTraceUrl: Check<string> = (text) => {
  const parts = text.split(TRACE_ID_PLACE);
  if (parts.length < 2)
    return { kind: "format", message: `must hold ${TRACE_ID_PLACE} where the id of the trace goes` };
  const authority = /^[^:]*:\/*[^/?#]*/.exec(text)?.[0] ?? text;
  if (authority.includes("{")) return { kind: "unsafe", message: `must not hold ${TRACE_ID_PLACE} before its path` };
  return checkWebUrl(parts.join("0"));
};
