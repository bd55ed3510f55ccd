import type { Db } from "#db/database.ts";
import type { ProbeSealed, Stored } from "#db/queries/mirror.ts";
import {
  readUncheckedDefinitions,
  writeCheckedDefinitions,
  writeRetiredDefinitions,
} from "#db/queries/mirror-secrets.ts";
import { withoutSecrets } from "#lib/core/without-secrets.ts";
import { isSealed } from "./sealed-probe.ts";

const AT_ONCE = 1_000;

/**
 * Takes secrets out of definitions that an older release wrote in clear and that need none: past versions, and probes that
 * left the file or are about to. Those in force are sealed as they are applied.
 */
export const hideOldSecrets = async (
  tx: Db,
  { probes, retired }: { probes: ReadonlyMap<string, Stored<ProbeSealed>>; retired: readonly string[] },
): Promise<void> => {
  for (;;) {
    const found = await readUncheckedDefinitions(tx, AT_ONCE);
    if (found.length === 0) break;
    await writeCheckedDefinitions(
      tx,
      found.map((row) => ({ ...row, definition: withoutSecrets(row.definition) })),
    );
  }
  const leaving = new Set(retired);
  const inClear = [...probes.values()].filter(
    ({ row, isRetired }) => (isRetired || leaving.has(row.id)) && !isSealed(row.definition),
  );
  if (inClear.length === 0) return;
  await writeRetiredDefinitions(
    tx,
    inClear.map(({ row: { id, definition } }) => ({ id, definition: withoutSecrets(definition) })),
  );
};
