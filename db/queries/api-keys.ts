import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

// Keys are known here by the SHA-256 of their tokens only.

export type ApiKeyRow = {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly apiVersion: string;
  readonly createdBy: string;
  readonly createdAt: EpochMs;
  readonly expiresAt: EpochMs | null;
  readonly lastUsedAt: EpochMs | null;
  readonly revokedAt: EpochMs | null;
  readonly replacedBy: string | null;
  /** Opens the demonstration only. */
  readonly isTest: boolean;
};

type RawRow = Omit<ApiKeyRow, "createdAt" | "expiresAt" | "lastUsedAt" | "revokedAt"> & {
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
};

const instantOrNull = (at: Date | null): EpochMs | null => (at === null ? null : epochMs(at.getTime()));
const dateOrNull = (at: EpochMs | null): Date | null => (at === null ? null : new Date(at));

const keyRow = (row: RawRow): ApiKeyRow => ({
  ...row,
  createdAt: epochMs(row.createdAt.getTime()),
  expiresAt: instantOrNull(row.expiresAt),
  lastUsedAt: instantOrNull(row.lastUsedAt),
  revokedAt: instantOrNull(row.revokedAt),
});

const columns = (db: Db) => db`
  id, name, scopes, api_version as "apiVersion", created_by as "createdBy", created_at as "createdAt",
  expires_at as "expiresAt", last_used_at as "lastUsedAt", revoked_at as "revokedAt", replaced_by as "replacedBy", is_test as "isTest"`;

/** The key of a token, whatever its state; null when there is none. Unique index on token_sha256. */
export const readApiKeyByToken = async (db: Db, tokenSha256: string): Promise<ApiKeyRow | null> => {
  const rows = await db<RawRow[]>`select ${columns(db)} from api_keys where token_sha256 = ${tokenSha256}`;
  return rows[0] === undefined ? null : keyRow(rows[0]);
};

/** One key, locked until the transaction ends; null when there is none of this id. */
export const lockApiKey = async (db: Db, id: string): Promise<ApiKeyRow | null> => {
  const rows = await db<RawRow[]>`select ${columns(db)} from api_keys where id = ${id} for no key update`;
  return rows[0] === undefined ? null : keyRow(rows[0]);
};

/** All keys, the newest first. A few dozen at most. */
export const readApiKeys = async (db: Db): Promise<ApiKeyRow[]> =>
  (await db<RawRow[]>`select ${columns(db)} from api_keys order by created_at desc, id desc`).map(keyRow);

/** A key; only the hash of its token is stored. */
export const insertApiKey = async (
  db: Db,
  key: Pick<ApiKeyRow, "id" | "name" | "scopes" | "apiVersion" | "createdBy" | "createdAt" | "expiresAt" | "isTest"> & {
    readonly tokenSha256: string;
  },
): Promise<void> => {
  await db`
    insert into api_keys (id, name, token_sha256, scopes, api_version, created_by, expires_at, created_at, is_test)
    values (${key.id}, ${key.name}, ${key.tokenSha256}, ${[...key.scopes]}::text[], ${key.apiVersion}, ${key.createdBy},
            ${dateOrNull(key.expiresAt)}, ${new Date(key.createdAt)}, ${key.isTest})`;
};

/** Writes the name of a key and the version that it is locked to. */
export const updateApiKey = async (
  db: Db,
  { id, name, apiVersion }: Pick<ApiKeyRow, "id" | "name" | "apiVersion">,
): Promise<void> => {
  await db`update api_keys set name = ${name}, api_version = ${apiVersion}, updated_at = now() where id = ${id}`;
};

/** Ends a key at `now`; one that has ended keeps its instant. */
export const revokeApiKey = async (db: Db, args: { id: string; now: EpochMs }): Promise<void> => {
  await db`
    update api_keys set revoked_at = coalesce(revoked_at, ${new Date(args.now)}::timestamptz), updated_at = now()
     where id = ${args.id}`;
};

/** Says which key took over; the old one ends at `endsAt` if it would have lived longer. */
export const replaceApiKey = async (
  db: Db,
  args: { id: string; replacedBy: string; endsAt: EpochMs },
): Promise<void> => {
  await db`
    update api_keys
       set replaced_by = ${args.replacedBy}, expires_at = least(expires_at, ${new Date(args.endsAt)}::timestamptz),
           updated_at = now()
     where id = ${args.id}`;
};

/** Notes that a key was used; never moves the mark back. */
export const touchApiKey = async (db: Db, args: { id: string; now: EpochMs }): Promise<void> => {
  await db`
    update api_keys set last_used_at = greatest(last_used_at, ${new Date(args.now)}::timestamptz), updated_at = now()
     where id = ${args.id}`;
};
