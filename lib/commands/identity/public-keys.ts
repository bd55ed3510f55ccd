import { createPublicKey } from "node:crypto";
import type { JWTVerifyGetKey } from "jose";
import { errors } from "jose";
import type { TokenIssuer } from "#lib/core/identity/definition.ts";

/** RS256 goes with RSA and ES256 with P-256 (R100): a key of the other kind is none for this token. */
const TYPES: Readonly<Record<string, string>> = { RS256: "rsa", ES256: "ec" };

/**
 * Keys of an issuer: those of its published set, and public keys of the configuration for a `kid` that the set does not
 * have or while it cannot be fetched. The set goes first, so that a key which rotates there is not held back here.
 */
export const withPublicKeys =
  (published: JWTVerifyGetKey | null, publicKeys: NonNullable<TokenIssuer["publicKeys"]>): JWTVerifyGetKey =>
  async (head, token) => {
    const own = publicKeys.find(({ kid }) => kid === head.kid);
    try {
      if (published !== null) return await published(head, token);
    } catch (error) {
      if (own === undefined) throw error;
    }
    if (own === undefined) throw new errors.JWKSNoMatchingKey();
    const key = createPublicKey(own.pem);
    if (key.asymmetricKeyType !== TYPES[head.alg ?? ""]) throw new errors.JWKSNoMatchingKey();
    return key;
  };
