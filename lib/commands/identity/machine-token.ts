import type { JWTPayload, JWTVerifyGetKey } from "jose";
import { decodeProtectedHeader, jwtVerify } from "jose";
import type { Principal, Scope } from "#lib/core/access/authorise.ts";
import { isScope } from "#lib/core/access/authorise.ts";
import type { TokenIssuer } from "#lib/core/identity/definition.ts";
import type { EpochMs } from "#lib/core/units.ts";

const MAX_TOKEN_LENGTH = 8_192;
const LEEWAY_SECONDS = 60;
/** A stolen token ends by itself: R97 asks for minutes, and this is the most that is taken. */
const MOST_LIFE_SECONDS = 86_400;
const ALGORITHMS = ["RS256", "ES256"];
/** Parts of a head that would let the token name its own key, or ask for something that we do not do. */
const FORBIDDEN_PARTS = ["jku", "x5u", "jwk", "x5c", "crit", "b64", "zip"];
const TYPES: ReadonlySet<string> = new Set(["jwt", "at+jwt", "application/at+jwt"]);

export type KeysOf = (issuer: TokenIssuer) => JWTVerifyGetKey;

/** Whether a bearer token is a JWT, and no key of ours. */
export const isMachineToken = (token: string): boolean =>
  token.length <= MAX_TOKEN_LENGTH && /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(token);

const hasGoodHead = (token: string): boolean => {
  const head: Record<string, unknown> = decodeProtectedHeader(token);
  const { kid, alg, typ } = head;
  return (
    typeof kid === "string" &&
    kid !== "" &&
    kid.length <= 256 &&
    ALGORITHMS.includes(String(alg)) &&
    (typ === undefined || TYPES.has(String(typ).toLowerCase())) &&
    !FORBIDDEN_PARTS.some((part) => Object.hasOwn(head, part))
  );
};

/** Begun by now, over within a day, and told in numbers that are ones: 1e400 is not. */
const hasGoodTimes = ({ exp = Number.NaN, iat = 0 }: JWTPayload, nowSeconds: number): boolean =>
  Number.isFinite(exp) && exp <= nowSeconds + MOST_LIFE_SECONDS && iat <= nowSeconds + LEEWAY_SECONDS;

/** What a claim of scopes opens here; what it says of other services is none of ours. */
const scopesOf = (claim: unknown): Scope[] =>
  typeof claim === "string" ? [...new Set(claim.split(" "))].filter(isScope) : [];

const LONGEST_CLAIM = 1_000;

/** A claim that can be stored and compared; null for any other. */
export const claimText = (claim: unknown): string | null =>
  typeof claim === "string" && claim !== "" && claim.length <= LONGEST_CLAIM && /^[^\0\p{Cs}]+$/u.test(claim)
    ? claim
    : null;

const nameOf = (claim: unknown): string | null =>
  typeof claim === "string" && claim !== "" && claim.length <= 200 ? claim : null;

type Machine = Extract<Principal, { kind: "client" }>;
type Verified = { readonly machine: Machine; readonly issuer: string; readonly jti: string | undefined };

const verify = async (
  token: string,
  {
    issuers,
    keysOf,
    now,
  }: { readonly issuers: readonly TokenIssuer[]; readonly keysOf: KeysOf; readonly now: EpochMs },
): Promise<Verified | null> => {
  if (!isMachineToken(token)) return null;
  try {
    if (!hasGoodHead(token)) return null;
    const body = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as { iss?: unknown };
    const issuer = issuers.find((one) => one.issuer === body.iss);
    if (issuer === undefined) return null;
    const { payload } = await jwtVerify(token, keysOf(issuer), {
      algorithms: ALGORITHMS,
      issuer: issuer.issuer,
      audience: issuer.audience,
      clockTolerance: LEEWAY_SECONDS,
      requiredClaims: ["iss", "aud", "exp"],
      currentDate: new Date(now),
    });
    if (!hasGoodTimes(payload, now / 1_000)) return null;
    const name = nameOf(payload.client_id) ?? nameOf(payload.sub);
    // By a name that cannot be stored it could not be taken back.
    if (name === null || (payload.jti !== undefined && claimText(payload.jti) === null)) return null;
    // Two issuers may know a client by the same name.
    const id = issuers.length > 1 ? `${issuer.issuer}#${name}` : name;
    const machine: Machine = { kind: "client", id, name, scopes: scopesOf(payload.scope) };
    return { machine, issuer: issuer.issuer, jti: payload.jti };
  } catch {
    return null;
  }
};

/**
 * The machine behind a JWT of an issuer that the configuration names (R97 to R100, T26): RS256 or ES256 by a key of the
 * issuer's set, named by `kid`; `iss`, `aud`, `exp` and `nbf` with 60 s of leeway; not taken back by its `jti`. Null,
 * always the same, for any other. @throws what `isRevoked` throws
 */
export const findMachine = async (
  token: string,
  args: {
    readonly issuers: readonly TokenIssuer[];
    readonly keysOf: KeysOf;
    readonly now: EpochMs;
    /** Whether a token of this name was taken back; tokens without `jti` cannot be. */
    readonly isRevoked: (named: { readonly issuer: string; readonly jti: string }) => Promise<boolean>;
  },
): Promise<Machine | null> => {
  const found = await verify(token, args);
  if (found === null) return null;
  const { machine, issuer, jti } = found;
  return jti !== undefined && (await args.isRevoked({ issuer, jti })) ? null : machine;
};
