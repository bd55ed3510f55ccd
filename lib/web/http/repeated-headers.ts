import type { IncomingMessage } from "node:http";

/** Of these there can be one: of two, a proxy in front might have judged the other one. Lower case. */
const SINGLE = ["host", "authorization", "content-length", "content-type", "idempotency-key"] as const;
const LENGTHS: ReadonlySet<number> = new Set(SINGLE.map((name) => name.length));

/** The first header field that is given twice and may not be; null when all is well. Looks at every request: quick. */
export const repeatedHeader = ({ rawHeaders }: Pick<IncomingMessage, "rawHeaders">): string | null => {
  let seen = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    if (!LENGTHS.has(name.length)) continue;
    const index = SINGLE.indexOf(name.toLowerCase() as (typeof SINGLE)[number]);
    if (index === -1) continue;
    const bit = 1 << index;
    if ((seen & bit) !== 0) return SINGLE[index] ?? null;
    seen |= bit;
  }
  return null;
};
