import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";

// Tokens of identity providers that were taken back before their end.

export type RevokedToken = {
  readonly issuer: string;
  readonly jti: string;
  readonly expiresAt: EpochMs;
  readonly revokedBy: string;
  readonly reason: string | null;
};

/** Whether a token was taken back. Primary key. */
export const isTokenRevoked = async (
  db: Db,
  { issuer, jti, now }: { readonly issuer: string; readonly jti: string; readonly now: EpochMs },
): Promise<boolean> => {
  const rows = await db`
    select 1 from revoked_tokens where issuer = ${issuer} and jti = ${jti} and expires_at > ${new Date(now)}`;
  return rows.length > 0;
};

/** Takes a token back, again if it was before, and forgets those that have ended by now. Index revoked_tokens_expires_at. */
export const insertRevokedToken = async (db: Db, token: RevokedToken, now: EpochMs): Promise<void> => {
  await db`
    delete from revoked_tokens where (issuer, jti) in (
      select issuer, jti from revoked_tokens where expires_at <= ${new Date(now)} limit 1000 for update skip locked)`;
  await db`
    insert into revoked_tokens (issuer, jti, expires_at, revoked_by, reason, created_at)
    values (${token.issuer}, ${token.jti}, ${new Date(token.expiresAt)}, ${token.revokedBy}, ${token.reason}, ${new Date(now)})
    on conflict (issuer, jti) do update set expires_at = excluded.expires_at`;
};
