import type { Db } from "#db/database.ts";
import type { Role } from "#lib/core/identity/roles.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

export type UserRow = {
  readonly id: string;
  readonly login: string;
  readonly name: string;
  readonly role: Role;
  /** A hash; never shown. */
  readonly passwordHash: string | null;
  /** Sealed; never shown. */
  readonly totpCiphertext: string | null;
  readonly totpEnabledAt: EpochMs | null;
  readonly totpLastStep: number;
  readonly oidcIssuer: string | null;
  readonly oidcSubject: string | null;
  readonly disabledAt: EpochMs | null;
  readonly lastSignInAt: EpochMs | null;
  readonly createdBy: string;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
};

type Instants = "totpEnabledAt" | "disabledAt" | "lastSignInAt" | "createdAt" | "updatedAt";
type RawRow = Omit<UserRow, Instants | "totpLastStep"> & {
  readonly totpLastStep: string;
  readonly totpEnabledAt: Date | null;
  readonly disabledAt: Date | null;
  readonly lastSignInAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

const instantOrNull = (at: Date | null): EpochMs | null => (at === null ? null : epochMs(at.getTime()));
const dateOrNull = (at: EpochMs | null): Date | null => (at === null ? null : new Date(at));

const userRow = (row: RawRow): UserRow => ({
  ...row,
  totpLastStep: Number(row.totpLastStep),
  totpEnabledAt: instantOrNull(row.totpEnabledAt),
  disabledAt: instantOrNull(row.disabledAt),
  lastSignInAt: instantOrNull(row.lastSignInAt),
  createdAt: epochMs(row.createdAt.getTime()),
  updatedAt: epochMs(row.updatedAt.getTime()),
});

const columns = (db: Db) => db`
  id, login, name, role, password_hash as "passwordHash", totp_ciphertext as "totpCiphertext",
  totp_enabled_at as "totpEnabledAt", totp_last_step::text as "totpLastStep", oidc_issuer as "oidcIssuer",
  oidc_subject as "oidcSubject", disabled_at as "disabledAt", last_sign_in_at as "lastSignInAt",
  created_by as "createdBy", created_at as "createdAt", updated_at as "updatedAt"`;

const first = (rows: readonly RawRow[]): UserRow | null => (rows[0] === undefined ? null : userRow(rows[0]));

/**
 * Lets one transaction at a time change who the administrators are, so that two can neither both be first nor remove each
 * other.
 */
export const lockAdministrators = async (db: Db): Promise<void> => {
  await db`select pg_advisory_xact_lock(hashtextextended('nines/administrators', 0))`;
};

/** Whether there is any account, also a disabled one. */
export const hasUsers = async (db: Db): Promise<boolean> => (await db`select 1 from users limit 1`).length > 0;

/** Administrators who are not disabled, the oldest first. */
export const readAdministrators = async (db: Db): Promise<UserRow[]> =>
  (
    await db<RawRow[]>`
      select ${columns(db)} from users where role = 'admin' and disabled_at is null order by created_at, id`
  ).map(userRow);

/** All users, by login. Some hundreds at most. */
export const readUsers = async (db: Db): Promise<UserRow[]> =>
  (await db<RawRow[]>`select ${columns(db)} from users order by login`).map(userRow);

/** One account by its id; null when there is none. */
export const readUser = async (db: Db, id: string): Promise<UserRow | null> =>
  first(await db<RawRow[]>`select ${columns(db)} from users where id = ${id}`);

/** One account by its login in lower case; null when there is none. */
export const readUserByLogin = async (db: Db, login: string): Promise<UserRow | null> =>
  first(await db<RawRow[]>`select ${columns(db)} from users where login = ${login}`);

/** One user, locked until the transaction ends. */
export const lockUser = async (db: Db, id: string): Promise<UserRow | null> =>
  first(await db<RawRow[]>`select ${columns(db)} from users where id = ${id} for update`);

/** The user of an identity at a provider, locked until the transaction ends. */
export const lockUserByIdentity = async (
  db: Db,
  { issuer, subject }: { issuer: string; subject: string },
): Promise<UserRow | null> =>
  first(
    await db<RawRow[]>`
      select ${columns(db)} from users where oidc_issuer = ${issuer} and oidc_subject = ${subject} for update`,
  );

export type NewUser = Pick<
  UserRow,
  "id" | "login" | "name" | "role" | "passwordHash" | "oidcIssuer" | "oidcSubject" | "createdBy" | "createdAt"
>;

/** False when the login is taken. */
export const insertUser = async (db: Db, user: NewUser): Promise<boolean> => {
  const at = new Date(user.createdAt);
  const rows = await db`
    insert into users (id, login, name, role, password_hash, oidc_issuer, oidc_subject, created_by, created_at, updated_at)
    values (${user.id}, ${user.login}, ${user.name}, ${user.role}, ${user.passwordHash}, ${user.oidcIssuer},
            ${user.oidcSubject}, ${user.createdBy}, ${at}, ${at})
    on conflict (login) do nothing returning 1`;
  return rows.length === 1;
};

/** Writes what can change of a user that the caller has locked. */
export const updateUser = async (db: Db, user: UserRow, now: EpochMs): Promise<void> => {
  await db`
    update users
       set name = ${user.name}, role = ${user.role}, password_hash = ${user.passwordHash},
           totp_ciphertext = ${user.totpCiphertext}, totp_enabled_at = ${dateOrNull(user.totpEnabledAt)},
           totp_last_step = ${user.totpLastStep}, disabled_at = ${dateOrNull(user.disabledAt)},
           last_sign_in_at = ${dateOrNull(user.lastSignInAt)}, updated_at = ${new Date(now)}
     where id = ${user.id}`;
};

/** Removes an account; its sessions and codes go with it. */
export const deleteUser = async (db: Db, id: string): Promise<void> => {
  await db`delete from users where id = ${id}`;
};

/** Puts new recovery codes, as hashes, in the place of all old ones. */
export const replaceRecoveryCodes = async (db: Db, userId: string, hashes: readonly string[]): Promise<void> => {
  await db`delete from recovery_codes where user_id = ${userId}`;
  if (hashes.length === 0) return;
  await db`
    insert into recovery_codes (code_sha256, user_id)
    select code, ${userId} from unnest(${[...hashes]}::text[]) as code`;
};

/** Uses a code up. False when it is not one of the user's, or was used. */
export const useRecoveryCode = async (
  db: Db,
  args: { userId: string; codeSha256: string; now: EpochMs },
): Promise<boolean> => {
  const rows = await db`
    update recovery_codes set used_at = ${new Date(args.now)}, updated_at = now()
     where user_id = ${args.userId} and code_sha256 = ${args.codeSha256} and used_at is null returning 1`;
  return rows.length === 1;
};

/** How many recovery codes of an account are unused. */
export const countRecoveryCodes = async (db: Db, userId: string): Promise<number> => {
  const rows = await db<{ n: number }[]>`
    select count(*)::int as n from recovery_codes where user_id = ${userId} and used_at is null`;
  return rows[0]?.n ?? 0;
};
