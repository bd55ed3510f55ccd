import type { Db } from "#db/database.ts";

/** The outside watcher in force. Open the address with the secret box under `DEAD_MAN_CONTEXT`. */
export type DeadManRow = {
  readonly urlCiphertext: string;
  readonly method: "GET" | "POST";
  readonly intervalMs: number;
};

/** Null when none is configured. */
export const readDeadMan = async (db: Db): Promise<DeadManRow | null> => {
  const rows = await db<DeadManRow[]>`
    select url_ciphertext as "urlCiphertext", method, interval_ms as "intervalMs" from dead_man`;
  return rows[0] ?? null;
};

/** Puts the watcher in the place of the one before; null: there is none any more. */
export const writeDeadMan = async (db: Db, row: DeadManRow | null): Promise<void> => {
  if (row === null) {
    await db`delete from dead_man`;
    return;
  }
  await db`
    insert into dead_man (url_ciphertext, method, interval_ms)
    values (${row.urlCiphertext}, ${row.method}, ${row.intervalMs})
    on conflict (only_row) do update
       set url_ciphertext = excluded.url_ciphertext, method = excluded.method, interval_ms = excluded.interval_ms,
           updated_at = now()`;
};
