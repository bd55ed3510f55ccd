import type { Db } from "#db/database.ts";
import type { Silence } from "#lib/core/alerting/suppression.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

/** A silence as it was asked for; `expiredAt` is when it was ended by hand. */
export type SilenceRow = Silence & {
  readonly author: string;
  readonly comment: string;
  readonly expiredAt: EpochMs | null;
  readonly expiredBy: string | null;
  readonly createdAt: EpochMs;
};

type RawRow = Omit<SilenceRow, "startsAt" | "endsAt" | "expiredAt" | "createdAt"> & {
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly expiredAt: Date | null;
  readonly createdAt: Date;
};

const silenceOf = (row: RawRow): SilenceRow => ({
  ...row,
  startsAt: epochMs(row.startsAt.getTime()),
  endsAt: epochMs(row.endsAt.getTime()),
  expiredAt: row.expiredAt === null ? null : epochMs(row.expiredAt.getTime()),
  createdAt: epochMs(row.createdAt.getTime()),
});

const columns = (db: Db) => db`
  id, service_ids as "serviceIds", slo_ids as "sloIds", pairs, severities, starts_at as "startsAt", ends_at as "endsAt",
  author, comment, expired_at as "expiredAt", expired_by as "expiredBy", created_at as "createdAt"`;

/** Stores a silence. */
export const insertSilence = async (db: Db, silence: Omit<SilenceRow, "expiredAt" | "expiredBy">): Promise<void> => {
  await db`
    insert into silences (id, service_ids, slo_ids, pairs, severities, starts_at, ends_at, author, comment, created_at)
    values (${silence.id}, ${[...silence.serviceIds]}::text[], ${[...silence.sloIds]}::text[], ${[...silence.pairs]}::text[],
            ${[...silence.severities]}::text[], ${new Date(silence.startsAt)}, ${new Date(silence.endsAt)},
            ${silence.author}, ${silence.comment}, ${new Date(silence.createdAt)})`;
};

/** One silence, locked until the transaction ends when asked for; null when there is none of this id. */
export const readSilence = async (db: Db, id: string, options: { lock?: boolean } = {}): Promise<SilenceRow | null> => {
  const lock = options.lock === true ? db`for no key update` : db``;
  const rows = await db<RawRow[]>`select ${columns(db)} from silences where id = ${id} ${lock}`;
  return rows[0] === undefined ? null : silenceOf(rows[0]);
};

/** Silences of the last `since` and all to come, the newest first. */
export const readSilences = async (db: Db, since: EpochMs): Promise<SilenceRow[]> => {
  const rows = await db<RawRow[]>`
    select ${columns(db)} from silences where ends_at > ${new Date(since)} order by created_at desc, id desc`;
  return rows.map(silenceOf);
};

/** Silences that may be in force between two instants, with their true end. Partial index silences_ends_at. */
export const readLiveSilences = async (db: Db, args: { from: EpochMs; to: EpochMs }): Promise<Silence[]> => {
  const rows = await db<RawRow[]>`
    select ${columns(db)} from silences
     where starts_at <= ${new Date(args.to)} and ends_at > ${new Date(args.from)} and expired_at is null order by id`;
  return rows.map(silenceOf);
};

/** Ends a silence by hand; one that was ended keeps its instant. */
export const expireSilenceRow = async (db: Db, args: { id: string; now: EpochMs; by: string }): Promise<void> => {
  await db`
    update silences set expired_at = ${new Date(args.now)}, expired_by = ${args.by}, updated_at = now()
     where id = ${args.id} and expired_at is null`;
};
