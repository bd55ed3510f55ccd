import type { Database, Tx } from "#db/database.ts";
import { insertAudit } from "#db/queries/audit.ts";
import { insertRevokedToken, isTokenRevoked } from "#db/queries/revoked-tokens.ts";
import type { RevokedTokenResource } from "#lib/contracts/revoked-tokens.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, MINUTE_MS } from "#lib/core/units.ts";
import { claimText, isMachineToken } from "./machine-token.ts";

/** Longer than any token lives that is taken: a day and twice the leeway of clocks. */
const KEPT_MS = DAY_MS + 2 * MINUTE_MS;

type Named = { readonly issuer: string; readonly jti: string };

/** What a token calls itself. Its signature is not looked at: who holds it may end it. @throws AppError INVALID_REQUEST */
const namedBy = (token: string): Named => {
  const wrong = (message: string): AppError =>
    new AppError("INVALID_REQUEST", `token: ${message}`, {
      cause: { fields: [{ field: "token", message, code: "format" }] },
    });
  if (!isMachineToken(token)) throw wrong("is no JWT");
  let claims: Record<string, unknown>;
  try {
    claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as Record<
      string,
      unknown
    >;
  } catch {
    throw wrong("is no JWT");
  }
  const [issuer, jti] = [claimText(claims.iss), claimText(claims.jti)];
  if (issuer === null || jti === null) throw wrong("has no iss or no jti: without a name it cannot be taken back");
  return { issuer, jti };
};

/** Takes a token of an identity provider back until it would have ended (R97). @throws AppError INVALID_REQUEST */
export const revokeToken = async (
  tx: Tx,
  args: {
    readonly wanted: { readonly token: string } | Named;
    readonly reason: string | null;
    readonly actor: string;
    readonly now: EpochMs;
  },
): Promise<RevokedTokenResource> => {
  const { wanted, reason, actor, now } = args;
  const { issuer, jti } = "token" in wanted ? namedBy(wanted.token) : wanted;
  const expiresAt = addMs(now, KEPT_MS);
  await insertRevokedToken(tx, { issuer, jti, expiresAt, revokedBy: actor, reason }, now);
  await insertAudit(tx, {
    at: now,
    actor,
    action: "token.revoked",
    subject: jti,
    before: null,
    after: { issuer, reason },
  });
  return { issuer, jti, reason, revokedBy: actor, keptUntil: new Date(expiresAt).toISOString() };
};

/** Whether a token was taken back. @throws errors of the database: then nobody is let in by a token */
export const isRevoked = (database: Database, token: Named & { readonly now: EpochMs }): Promise<boolean> =>
  database.read((db) => isTokenRevoked(db, token));
