import type { Db } from "#db/database.ts";
import type { ProbeSealed, ServiceSealed, SloSealed, Stored } from "#db/queries/mirror.ts";
import {
  readUncheckedDefinitions,
  readUncheckedSloDefinitions,
  writeCheckedDefinitions,
  writeCheckedSloDefinitions,
  writeRetiredDefinitions,
  writeRetiredServices,
  writeRetiredSlos,
} from "#db/queries/mirror-secrets.ts";
import type { Secretive } from "#lib/core/without-secrets.ts";
import { withoutSecrets } from "#lib/core/without-secrets.ts";
import { isSealed } from "./sealed-secrets.ts";

const AT_ONCE = 1_000;

const hidePast = async <Row extends { readonly definition: Secretive }>(
  tx: Db,
  read: (db: Db, limit: number) => Promise<readonly Row[]>,
  write: (db: Db, rows: readonly Row[]) => Promise<void>,
): Promise<void> => {
  for (;;) {
    const found = await read(tx, AT_ONCE);
    if (found.length === 0) return;
    await write(
      tx,
      found.map((row) => ({ ...row, definition: withoutSecrets(row.definition) })),
    );
  }
};

/** Rows that are retired, or are about to be, and hold a secret in clear. */
const inClear = <Row extends { readonly id: string }>(
  stored: ReadonlyMap<string, Stored<Row>>,
  retired: readonly string[],
  secretive: (row: Row) => Secretive,
): Row[] => {
  const leaving = new Set(retired);
  return [...stored.values()].flatMap(({ row, isRetired }) =>
    (isRetired || leaving.has(row.id)) && !isSealed(secretive(row)) ? [row] : [],
  );
};

/**
 * Takes secrets out of definitions that an older release wrote in clear and that need none: past versions, and what left
 * the file or is about to. Those in force are sealed as they are applied.
 */
export const hideOldSecrets = async (
  tx: Db,
  args: {
    readonly probes: ReadonlyMap<string, Stored<ProbeSealed>>;
    readonly slos: ReadonlyMap<string, Stored<SloSealed>>;
    readonly services: ReadonlyMap<string, Stored<ServiceSealed>>;
    readonly retired: Readonly<Record<"probes" | "slos" | "services", readonly string[]>>;
  },
): Promise<void> => {
  await hidePast(tx, readUncheckedDefinitions, writeCheckedDefinitions);
  await hidePast(tx, readUncheckedSloDefinitions, writeCheckedSloDefinitions);
  const { retired } = args;
  const probes = inClear(args.probes, retired.probes, ({ definition }) => definition);
  const slos = inClear(args.slos, retired.slos, ({ definition }) => definition);
  const services = inClear(args.services, retired.services, (row) => row.threshold_alerts);
  const hidden = <Definition extends Secretive>({ id, definition }: { id: string; definition: Definition }) => ({
    id,
    definition: withoutSecrets(definition),
  });
  if (probes.length > 0) await writeRetiredDefinitions(tx, probes.map(hidden));
  if (slos.length > 0) await writeRetiredSlos(tx, slos.map(hidden));
  const alerts = services.map((row) => ({ id: row.id, threshold_alerts: withoutSecrets(row.threshold_alerts) }));
  if (alerts.length > 0) await writeRetiredServices(tx, alerts);
};
