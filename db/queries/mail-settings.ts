import type { Db } from "#db/database.ts";

/** The mail server in force for subscribers. Sealed under `MAIL_URL_CONTEXT` and `MAIL_SECRET_CONTEXT`. */
export type MailSettingsRow = {
  readonly urlCiphertext: string;
  /** Empty: no sign-in. */
  readonly secretCiphertext: string;
  readonly sender: string;
  readonly username: string | null;
  readonly starttls: boolean;
  readonly maxPerSecond: number;
};

/** Null when the file names no mail server. */
export const readMailSettings = async (db: Db): Promise<MailSettingsRow | null> => {
  const rows = await db<MailSettingsRow[]>`
    select url_ciphertext as "urlCiphertext", secret_ciphertext as "secretCiphertext", sender, username, starttls,
           max_per_second as "maxPerSecond"
      from mail_settings`;
  return rows[0] ?? null;
};

/** Puts the settings in the place of those before; null: there are none any more. */
export const writeMailSettings = async (db: Db, row: MailSettingsRow | null): Promise<void> => {
  await db`delete from mail_settings`;
  if (row === null) return;
  await db`
    insert into mail_settings (url_ciphertext, secret_ciphertext, sender, username, starttls, max_per_second)
    values (${row.urlCiphertext}, ${row.secretCiphertext}, ${row.sender}, ${row.username}, ${row.starttls},
            ${row.maxPerSecond})`;
};
