import type { Tx } from "#db/database.ts";
import { insertAudit } from "#db/queries/audit.ts";
import type { EventType } from "#lib/contracts/events.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { recordEvent } from "./record-event.ts";

/**
 * Tells of a change that happens once to a thing: a row of the audit log and an event, in the caller's transaction.
 * `before` and `after` are its resource; `before` is null for what is new.
 */
export const tellChange = async <Resource extends { readonly id: string }>(
  tx: Tx,
  type: EventType,
  { before, after }: { readonly before: Resource | null; readonly after: Resource },
  { actor, now }: { readonly actor: string; readonly now: EpochMs },
): Promise<void> => {
  const subject = after.id;
  await insertAudit(tx, { at: now, actor, action: type, subject, before, after });
  await recordEvent(tx, {
    type,
    subject,
    dedupKey: `${type}:${subject}`,
    data: after,
    occurredAt: now,
    notify: null,
    now,
  });
};
