import { isIP } from "node:net";
import type { Check } from "../scalars.ts";
import { HOST_NAME } from "../scalars.ts";

const MAX_HOST = 253;
const NO_HOST = /[\s\p{Cc}/\\?#@%[\]]/u;

/**
 * A host as the address policy reads it: through the URL parser, which lowers case, writes names of other scripts in
 * ASCII and addresses in their one normal spelling. Null when the text is no host.
 */
export const readHost = (text: string): string | null => {
  if (NO_HOST.test(text) || (text.includes(":") && isIP(text) !== 6)) return null;
  const url = URL.parse(`https://${isIP(text) === 6 ? `[${text}]` : text}/`);
  const host = url?.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "") ?? "";
  return isIP(host) !== 0 || HOST_NAME.test(host) ? host : null;
};

/** A host name or an address, without scheme, port or path. */
export const checkHost: Check<string> = (text) => {
  if (text.length > MAX_HOST) return { kind: "limit", message: `must have at most ${MAX_HOST} characters` };
  if (readHost(text) !== null) return null;
  return { kind: "format", message: "must be a host name or an address, without scheme, port or path" };
};

/** Credentials stand in the environment or in a file, never in the configuration itself. Nothing of the value is repeated. */
export const checkSecretReference: Check<string> = (text) =>
  /^(?:env|file):/.test(text)
    ? null
    : { kind: "format", message: "must be env:NAME or file:PATH; secrets do not stand in this file" };
