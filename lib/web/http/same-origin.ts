import type { IncomingMessage } from "node:http";

/**
 * Whether an unsafe request comes from a page of ours. Browsers say so by Sec-Fetch-Site, or by Origin; a client that
 * sends neither is no browser and carries no cookie of a victim.
 */
export const isSameOrigin = (headers: IncomingMessage["headers"]): boolean => {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin" || site === "none";
  const origin = headers.origin;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === headers.host;
};

/** The same, for addresses that only scripts of our pages call: who says nothing of where they come from is refused. */
export const isFromOurScript = ({ "sec-fetch-site": site, origin, host }: IncomingMessage["headers"]): boolean => {
  if (site !== undefined) return site === "same-origin";
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === host;
};
