import type { Exchange } from "./exchange.ts";

const ALLOWED_HEADERS = "Authorization, Content-Type, X-Request-ID, Idempotency-Key, API-Version, Last-Event-ID";
const EXPOSED_HEADERS =
  "X-Request-ID, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, ETag, Location, Link, " +
  "Deprecation, Sunset, API-Version, Idempotency-Replayed";
const MAX_AGE_SECONDS = 86_400;

type Pairs = readonly (readonly [string, string])[];

/** The origin of a request when it is on the list, exactly as it was sent. */
const listedOrigin = ({ req }: Exchange, origins: readonly string[]): string | null => {
  const { origin } = req.headers;
  return origin !== undefined && origins.includes(origin) ? origin : null;
};

/**
 * Who may read an answer in a browser (R106): pages of a listed origin, with credentials; pages of any origin what is for
 * everybody, without credentials, since `*` and credentials never go together. Nobody else is named.
 */
export const corsHeaders = (
  exchange: Exchange,
  { origins, isPublic }: { readonly origins: readonly string[]; readonly isPublic: boolean },
): Pairs => {
  const origin = listedOrigin(exchange, origins);
  const exposed = ["Access-Control-Expose-Headers", EXPOSED_HEADERS] as const;
  if (origin !== null)
    return [["Access-Control-Allow-Origin", origin], ["Access-Control-Allow-Credentials", "true"], exposed];
  return isPublic ? [["Access-Control-Allow-Origin", "*"], exposed] : [];
};

/** What a preflight is told beside that. */
export const preflightHeaders = (methods: readonly string[]): Pairs => [
  ["Access-Control-Allow-Methods", methods.join(", ")],
  ["Access-Control-Allow-Headers", ALLOWED_HEADERS],
  ["Access-Control-Max-Age", String(MAX_AGE_SECONDS)],
];
