import type { Tx } from "#db/database.ts";
import type { MailSettingsRow } from "#db/queries/mail-settings.ts";
import { readMailSettings, writeMailSettings } from "#db/queries/mail-settings.ts";
import type { MailDefinition } from "#lib/core/definitions.ts";
import type { SecretBox } from "./secret-box.ts";

/** What the ciphertexts of the mail server are bound to. */
export const MAIL_URL_CONTEXT = "mail:url";
export const MAIL_SECRET_CONTEXT = "mail:secret";

/** @throws AppError SECRET_KEY_INVALID when it was sealed with another key. */
export const openMailSettings = (box: SecretBox, row: MailSettingsRow): MailDefinition => ({
  url: box.open(row.urlCiphertext, MAIL_URL_CONTEXT),
  secret: row.secretCiphertext === "" ? "" : box.open(row.secretCiphertext, MAIL_SECRET_CONTEXT),
  from: row.sender,
  username: row.username,
  starttls: row.starttls,
  maxPerSecond: row.maxPerSecond,
});

const isSame = (stored: MailSettingsRow | null, wanted: MailDefinition | undefined, box: SecretBox): boolean => {
  if (stored === null || wanted === undefined) return stored === null && wanted === undefined;
  try {
    const { url, secret, from, username, starttls, maxPerSecond } = openMailSettings(box, stored);
    return (
      url === wanted.url &&
      secret === wanted.secret &&
      from === wanted.from &&
      username === wanted.username &&
      starttls === wanted.starttls &&
      maxPerSecond === wanted.maxPerSecond
    );
  } catch {
    return false;
  }
};

/** Makes the stored mail server that of the file. False when it was so already. */
export const applyMail = async (tx: Tx, wanted: MailDefinition | undefined, box: SecretBox): Promise<boolean> => {
  const stored = await readMailSettings(tx);
  if (isSame(stored, wanted, box)) return false;
  await writeMailSettings(
    tx,
    wanted === undefined
      ? null
      : {
          urlCiphertext: box.seal(wanted.url, MAIL_URL_CONTEXT),
          secretCiphertext: wanted.secret === "" ? "" : box.seal(wanted.secret, MAIL_SECRET_CONTEXT),
          sender: wanted.from,
          username: wanted.username,
          starttls: wanted.starttls,
          maxPerSecond: wanted.maxPerSecond,
        },
  );
  return true;
};
