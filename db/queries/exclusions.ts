import type { Db } from "#db/database.ts";
import type { ExclusionKind } from "#lib/core/slo/exclusions.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

/** What an exclusion is about: one SLO, every SLO of a service, or every SLO that counts a probe. */
export type ExclusionScope = { readonly sloId: string } | { readonly serviceId: string } | { readonly probeId: string };

/** An exclusion of [startsAt, endsAt) as it stands now; it covers every minute that the span touches. */
export type ExclusionRow = {
  readonly id: string;
  readonly scope: ExclusionScope;
  readonly kind: ExclusionKind;
  readonly startsAt: EpochMs;
  readonly endsAt: EpochMs;
  readonly reason: string;
  readonly author: string;
  readonly approvedBy: string | null;
  readonly approvedAt: EpochMs | null;
  readonly createdAt: EpochMs;
  readonly revokedAt: EpochMs | null;
  readonly revokedBy: string | null;
};

type DbRow = {
  id: string;
  slo_id: string | null;
  service_id: string | null;
  probe_id: string | null;
  kind: ExclusionKind;
  starts_at: Date;
  ends_at: Date;
  reason: string;
  author: string;
  approved_by: string | null;
  approved_at: Date | null;
  created_at: Date;
  revoked_at: Date | null;
  revoked_by: string | null;
};

const scopeOf = (row: DbRow): ExclusionScope => {
  if (row.slo_id !== null) return { sloId: row.slo_id };
  if (row.service_id !== null) return { serviceId: row.service_id };
  return { probeId: row.probe_id ?? "" };
};

const exclusionOf = (row: DbRow): ExclusionRow => ({
  id: row.id,
  scope: scopeOf(row),
  kind: row.kind,
  startsAt: epochMs(row.starts_at.getTime()),
  endsAt: epochMs(row.ends_at.getTime()),
  reason: row.reason,
  author: row.author,
  approvedBy: row.approved_by,
  approvedAt: row.approved_at === null ? null : epochMs(row.approved_at.getTime()),
  createdAt: epochMs(row.created_at.getTime()),
  revokedAt: row.revoked_at === null ? null : epochMs(row.revoked_at.getTime()),
  revokedBy: row.revoked_by,
});

/** A number that never comes twice while exclusions are added, approved and revoked. A small table, read whole. */
export const readExclusionRevision = async (db: Db): Promise<string> => {
  const rows = await db<{ revision: string }[]>`
    select coalesce(sum(revision), 0)::text as revision from exclusions`;
  return rows[0]?.revision ?? "0";
};

/**
 * Exclusions that end after `endedAfter`, by id: those that are not revoked, or all. What was known at an instant is
 * `exclusionsAsOf` of all of them (lib/core/slo/exclusions.ts).
 */
export const readExclusions = async (
  db: Db,
  args: { readonly endedAfter: EpochMs; readonly withRevoked?: boolean },
): Promise<ExclusionRow[]> => {
  const rows = await db<DbRow[]>`
    select id, slo_id, service_id, probe_id, kind, starts_at, ends_at, reason, author,
           approved_by, approved_at, created_at, revoked_at, revoked_by
      from exclusions
     where ends_at > ${new Date(args.endedAfter)} and (revoked_at is null or ${args.withRevoked === true})
     order by id`;
  return rows.map(exclusionOf);
};

const columns = (db: Db) => db`
  id, slo_id, service_id, probe_id, kind, starts_at, ends_at, reason, author, approved_by, approved_at, created_at,
  revoked_at, revoked_by`;

/** One exclusion, locked until the transaction ends when asked for; null when there is none of this id. Primary key. */
export const readExclusion = async (
  db: Db,
  id: string,
  options: { lock?: boolean } = {},
): Promise<ExclusionRow | null> => {
  const lock = options.lock === true ? db`for no key update` : db``;
  const rows = await db<DbRow[]>`select ${columns(db)} from exclusions where id = ${id} ${lock}`;
  return rows[0] === undefined ? null : exclusionOf(rows[0]);
};

/** Every exclusion that ends after an instant, revoked ones too, the newest first. */
export const readNewestExclusions = async (db: Db, endedAfter: EpochMs): Promise<ExclusionRow[]> => {
  const rows = await db<DbRow[]>`
    select ${columns(db)} from exclusions where ends_at > ${new Date(endedAfter)} order by created_at desc, id desc`;
  return rows.map(exclusionOf);
};

export type NewExclusion = Omit<ExclusionRow, "approvedBy" | "approvedAt" | "revokedAt" | "revokedBy">;

/** Adds an exclusion. Errors of the database when what it is about is not known. */
export const insertExclusion = async (db: Db, exclusion: NewExclusion): Promise<void> => {
  const { scope } = exclusion;
  await db`
    insert into exclusions (id, slo_id, service_id, probe_id, kind, starts_at, ends_at, reason, author, created_at)
    values (${exclusion.id}, ${"sloId" in scope ? scope.sloId : null}, ${"serviceId" in scope ? scope.serviceId : null},
            ${"probeId" in scope ? scope.probeId : null}, ${exclusion.kind}, ${new Date(exclusion.startsAt)},
            ${new Date(exclusion.endsAt)}, ${exclusion.reason}, ${exclusion.author}, ${new Date(exclusion.createdAt)})`;
};

/** A second person approves it. False when it is not known, revoked, approved already, or the author's own. Primary key. */
export const approveExclusion = async (
  db: Db,
  args: { readonly id: string; readonly approvedBy: string; readonly now: EpochMs },
): Promise<boolean> => {
  const updated = await db`
    update exclusions set approved_by = ${args.approvedBy}, approved_at = ${new Date(args.now)}
     where id = ${args.id} and approved_by is null and revoked_at is null and author <> ${args.approvedBy}`;
  return updated.count === 1;
};

/** Revokes it: figures are again what they were without it. False when it is not known or revoked already. Primary key. */
export const revokeExclusion = async (
  db: Db,
  args: { readonly id: string; readonly revokedBy: string; readonly now: EpochMs },
): Promise<boolean> => {
  const updated = await db`
    update exclusions set revoked_at = greatest(created_at, ${new Date(args.now)}::timestamptz), revoked_by = ${args.revokedBy}
     where id = ${args.id} and revoked_at is null`;
  return updated.count === 1;
};

/** Every instant at which an exclusion was added, approved or revoked, ascending. A small table, read whole. */
export const readExclusionInstants = async (db: Db): Promise<EpochMs[]> => {
  const rows = await db<{ at: Date }[]>`
    select distinct t.at from exclusions
     cross join lateral (values (created_at), (approved_at), (revoked_at)) as t (at)
     where t.at is not null order by t.at`;
  return rows.map(({ at }) => epochMs(at.getTime()));
};
