import type { JWK } from "jose";
import { calculateJwkThumbprint, importJWK } from "jose";
import { AppError } from "#lib/core/errors.ts";

const KID = /^[A-Za-z0-9_.~-]{1,128}$/;
const PRIVATE_PARTS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] as const;
const LEAST_RSA_BITS = 2_048;

const invalid = (detail: string): AppError => new AppError("INVALID_REQUEST", detail);

/** R100: EC on P-256 signs ES256, RSA signs RS256. @throws AppError INVALID_REQUEST for any other key. */
export const algorithmOf = ({ kty, crv }: JWK): "ES256" | "RS256" => {
  if (kty === "EC" && crv === "P-256") return "ES256";
  if (kty === "RSA") return "RS256";
  throw invalid("the key must be EC on P-256 (ES256) or RSA (RS256)");
};

const parse = (text: string): JWK => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JWK;
  } catch {
    // Told below, as any other text that is no JWK.
  }
  throw invalid("the key must be a JWK: one JSON object, as the agent printed it");
};

const checkUse = (jwk: JWK, algorithm: string): void => {
  const secret = PRIVATE_PARTS.find((part) => Object.hasOwn(jwk, part));
  if (secret !== undefined)
    throw invalid(`the key holds its private part "${secret}"; register the public key only, and make a new one`);
  if (jwk.use !== undefined && jwk.use !== "sig") throw invalid('the "use" of the key must be "sig"');
  if (jwk.alg !== undefined && jwk.alg !== algorithm) throw invalid(`the "alg" of the key must be "${algorithm}"`);
  if (jwk.kty !== "RSA") return;
  const bits = Buffer.from(String(jwk.n ?? ""), "base64url").length * 8;
  if (bits < LEAST_RSA_BITS) throw invalid(`an RSA key needs ${LEAST_RSA_BITS} bits or more`);
};

/**
 * Reads a public key as it is registered: only the parts that a verifier needs, with a name. The name is `kid`, or the
 * thumbprint (RFC 7638) when there is none.
 * @throws AppError INVALID_REQUEST, with the cure.
 */
export const readPublicJwk = async (text: string): Promise<{ kid: string; jwk: JWK }> => {
  const given = parse(text);
  const alg = algorithmOf(given);
  checkUse(given, alg);
  const { kty, crv, x, y, n, e } = given;
  const parts: JWK = kty === "EC" ? { kty, crv, x, y } : { kty, n, e };
  try {
    await importJWK(parts, alg);
    const kid = given.kid ?? (await calculateJwkThumbprint(parts));
    if (!KID.test(kid)) throw invalid('the "kid" of the key must be 1 to 128 letters, digits or one of - _ . ~');
    return { kid, jwk: { ...parts, kid, alg, use: "sig" } };
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw invalid("the key is not a valid public key");
  }
};
