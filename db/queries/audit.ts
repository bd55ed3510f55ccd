import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";

export type AuditEntry = {
  readonly at: EpochMs;
  /** Who: "config", "cli", "sign_in_link:…", "user:…", "api_key:…", "client:…". */
  readonly actor: string;
  /** `<thing>.<what happened>`, lower case. */
  readonly action: string;
  readonly subject: string;
  /** Never a secret. */
  readonly before: unknown;
  readonly after: unknown;
};

const jsonOrNull = (value: unknown): string | null =>
  value === null || value === undefined ? null : JSON.stringify(value);

/**
 * Appends to the audit log, in the transaction of the change that it tells of. A trigger links the row into the chain of
 * hashes when that commits.
 */
export const insertAudit = async (db: Db, entry: AuditEntry): Promise<void> => {
  await db`
    insert into audit_log (at, actor, action, subject, before, after)
    values (${new Date(entry.at)}, ${entry.actor}, ${entry.action}, ${entry.subject},
            ${jsonOrNull(entry.before)}::text::jsonb, ${jsonOrNull(entry.after)}::text::jsonb)`;
};

export type AuditRow = {
  /** Place in the chain, in the order of commits, without gaps. */
  readonly sequence: number;
  readonly position: string;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  /** JSON texts. */
  readonly before: string | null;
  readonly after: string | null;
  readonly previousHash: string;
  readonly hash: string;
  /** What was hashed after the previous hash and a line end. */
  readonly text: string;
};

export type AuditFilter = {
  readonly actor?: string | undefined;
  /** An action, or all of one thing when it ends with a dot. */
  readonly action?: string | undefined;
  readonly subject?: string | undefined;
  readonly from?: EpochMs | undefined;
  readonly to?: EpochMs | undefined;
};

const instant = (at: EpochMs | undefined): Date | null => (at === undefined ? null : new Date(at));

/** Rows of the chain beyond a place in one direction. Primary key of audit_chain. */
export const readAudit = async (
  db: Db,
  filter: AuditFilter,
  { beyond, isUpward, limit }: { beyond: number | null; isUpward: boolean; limit: number },
): Promise<AuditRow[]> => {
  const { actor = null, action = null, subject = null } = filter;
  const [from, to] = [instant(filter.from), instant(filter.to)];
  const place = beyond ?? (isUpward ? 0 : Number.MAX_SAFE_INTEGER);
  const rows = await db<(Omit<AuditRow, "sequence"> & { seq: string })[]>`
    select c.seq::text as seq, l.position::text as position, l.at, l.actor, l.action, l.subject, l.before::text as before,
           l.after::text as after, c.prev_hash as "previousHash", c.hash, audit_text(l) as text
      from audit_chain c join audit_log l on l.position = c.position
     where ${isUpward ? db`c.seq > ${place}::bigint` : db`c.seq < ${place}::bigint`}
       and (${actor}::text is null or l.actor = ${actor})
       and (${subject}::text is null or l.subject = ${subject})
       and (${action}::text is null or l.action = ${action}
            or (right(${action}, 1) = '.' and starts_with(l.action, ${action})))
       and (${from}::timestamptz is null or l.at >= ${from}::timestamptz)
       and (${to}::timestamptz is null or l.at < ${to}::timestamptz)
     order by ${isUpward ? db`c.seq` : db`c.seq desc`} limit ${limit}`;
  return rows.map(({ seq, ...row }) => ({ ...row, sequence: Number(seq) }));
};

/** Rows of the log that no row of the chain holds. There is none: they commit together. */
export const countUnchained = async (db: Db): Promise<number> => {
  const rows = await db<{ n: number }[]>`
    select count(*)::int as n from audit_log l where not exists (select from audit_chain c where c.position = l.position)`;
  return rows[0]?.n ?? 0;
};
