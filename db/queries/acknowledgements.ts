import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";

export type NewAcknowledgement = {
  readonly id: string;
  readonly alertId: string;
  readonly author: string;
  readonly note: string | null;
  readonly expiresAt: EpochMs | null;
  readonly now: EpochMs;
};

/** Locks an alert until the transaction ends and tells what an acknowledgement needs of it; null when there is none. */
export const lockAlert = async (
  db: Db,
  id: string,
): Promise<{ readonly state: "firing" | "resolved"; readonly notify: readonly string[] | null } | null> => {
  const rows = await db<{ state: "firing" | "resolved"; notify: string[] | null }[]>`
    select state, notify from alerts where id = ${id} for no key update`;
  return rows[0] ?? null;
};

/** Stores who looks after an alert, and until when. */
export const insertAcknowledgement = async (db: Db, ack: NewAcknowledgement): Promise<void> => {
  await db`
    insert into acknowledgements (id, alert_id, author, note, expires_at, created_at)
    values (${ack.id}, ${ack.alertId}, ${ack.author}, ${ack.note},
            ${ack.expiresAt === null ? null : new Date(ack.expiresAt)}, ${new Date(ack.now)})`;
};

/** Ends the open acknowledgement of an alert and returns its id; null when there is none. */
export const endAcknowledgement = async (
  db: Db,
  args: { alertId: string; by: string; now: EpochMs },
): Promise<string | null> => {
  const rows = await db<{ id: string }[]>`
    update acknowledgements set ended_at = ${new Date(args.now)}, ended_by = ${args.by}, updated_at = now()
     where alert_id = ${args.alertId} and ended_at is null
    returning id`;
  return rows[0]?.id ?? null;
};

/** Firing alerts whose acknowledgement's time is over. */
export const readOverdueAcknowledgements = async (db: Db, now: EpochMs): Promise<string[]> => {
  const rows = await db<{ id: string }[]>`
    select k.alert_id as id from acknowledgements k join alerts a on a.id = k.alert_id
     where k.ended_at is null and k.expires_at <= ${new Date(now)} and a.state = 'firing' order by k.alert_id`;
  return rows.map(({ id }) => id);
};
