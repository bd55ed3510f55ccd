import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";

export type AuditEntry = {
  readonly at: EpochMs;
  /** Who: "config", "cli", "sign_in_link", or a user once there are accounts. */
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

/** Appends to the audit log, in the transaction of the change that it tells of. */
export const insertAudit = async (db: Db, entry: AuditEntry): Promise<void> => {
  await db`
    insert into audit_log (at, actor, action, subject, before, after)
    values (${new Date(entry.at)}, ${entry.actor}, ${entry.action}, ${entry.subject},
            ${jsonOrNull(entry.before)}::text::jsonb, ${jsonOrNull(entry.after)}::text::jsonb)`;
};
