import type { Tx } from "#db/database.ts";
import type { DeadManRow } from "#db/queries/dead-man.ts";
import { readDeadMan, writeDeadMan } from "#db/queries/dead-man.ts";
import type { DeadManDefinition } from "#lib/core/definitions.ts";
import type { SecretBox } from "./secret-box.ts";

/** What the ciphertext of the address is bound to. */
export const DEAD_MAN_CONTEXT = "dead_man:url";

const openOrNull = (box: SecretBox, stored: DeadManRow): string | null => {
  try {
    return box.open(stored.urlCiphertext, DEAD_MAN_CONTEXT);
  } catch {
    return null;
  }
};

/** Whether the stored watcher is that of the file. One that cannot be opened is sealed anew. */
const isSame = (stored: DeadManRow | null, wanted: DeadManDefinition | undefined, box: SecretBox): boolean =>
  stored === null || wanted === undefined
    ? stored === null && wanted === undefined
    : stored.method === wanted.method &&
      stored.intervalMs === wanted.intervalMs &&
      openOrNull(box, stored) === wanted.url;

/** Makes the stored outside watcher that of the file. False when it was so already. */
export const applyDeadMan = async (tx: Tx, wanted: DeadManDefinition | undefined, box: SecretBox): Promise<boolean> => {
  const stored = await readDeadMan(tx);
  if (isSame(stored, wanted, box)) return false;
  const { url, method, intervalMs } = wanted ?? {};
  const row =
    url === undefined || method === undefined || intervalMs === undefined
      ? null
      : { urlCiphertext: box.seal(url, DEAD_MAN_CONTEXT), method, intervalMs };
  await writeDeadMan(tx, row);
  return true;
};
