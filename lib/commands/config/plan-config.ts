import type { Tx } from "#db/database.ts";
import { readHandMade } from "#db/queries/config-versions.ts";
import { readEndpoints } from "#db/queries/endpoints.ts";
import { comparePlanned } from "#lib/commands/apply-config.ts";
import type { TableChanges } from "#lib/commands/config-changes.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import type { FieldChange } from "#lib/core/config-diff/diff.ts";
import { fieldChanges } from "#lib/core/config-diff/diff.ts";
import type { Config } from "#lib/core/definitions.ts";
import type { Secretive } from "#lib/core/without-secrets.ts";
import { HIDDEN, withoutSecrets } from "#lib/core/without-secrets.ts";
import { openEndpoints } from "./open-mirror.ts";

export type PlannedKind = "location" | "service" | "probe" | "slo" | "endpoint" | "settings";
export type PlannedChange = {
  readonly action: "add" | "change" | "remove";
  readonly kind: PlannedKind;
  readonly id: string;
  readonly managedBy: "file" | "ui";
  /** Of a change; secrets are `(secret)` on both sides. */
  readonly fields: readonly FieldChange[];
};
export type Plan = {
  /** The version in force; null: nothing was applied yet. */
  readonly version: string | null;
  readonly changes: readonly PlannedChange[];
  /** What is in force and does not stand in the file: it stays. */
  readonly madeByHand: Readonly<Record<"services" | "probes" | "slos" | "endpoints", readonly string[]>>;
};

const SECRET = "(secret)";

const masked = (value: unknown, path: string): unknown => {
  const keys = path.split(/\.|\[(\d+)\]/).filter((key) => key !== undefined && key !== "");
  return keys.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], value);
};

const showSecrets = (value: unknown): unknown =>
  value === undefined
    ? undefined
    : (JSON.parse(JSON.stringify(value).replaceAll(JSON.stringify(HIDDEN), JSON.stringify(SECRET))) as unknown);

/** Differences of two definitions without their secrets; that a secret differs is told. */
const fieldsOf = (before: Secretive, after: Secretive): readonly FieldChange[] => {
  const [shownBefore, shownAfter] = [withoutSecrets(before), withoutSecrets(after)];
  return fieldChanges(before, after).map(({ path }) => ({
    path,
    from: showSecrets(masked(shownBefore, path)),
    to: showSecrets(masked(shownAfter, path)),
  }));
};

/** Columns that say nothing to people. */
const INNER: ReadonlySet<string> = new Set([
  "id",
  "position",
  "managed_by",
  "is_sealed",
  "definition",
  "threshold_alerts",
]);
const SECRET_COLUMNS = /^(?:url|secret|headers)(?:\.|$)/;

const columnsOf = (row: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row).filter(([key]) => !INNER.has(key)));

const rowFields = (before: object, after: object): readonly FieldChange[] => {
  const [a, b] = [before, after] as { definition?: Secretive; threshold_alerts?: Secretive }[];
  return [
    ...fieldChanges(columnsOf(before), columnsOf(after)),
    ...(a?.definition && b?.definition ? fieldsOf(a.definition, b.definition) : []),
    ...(a?.threshold_alerts && b?.threshold_alerts
      ? fieldsOf(a.threshold_alerts, b.threshold_alerts).map((one) => ({ ...one, path: `threshold_alerts${one.path}` }))
      : []),
  ];
};

const ofTable = <Row extends { readonly id: string; readonly managed_by?: "file" | "ui" }>(
  kind: PlannedKind,
  changes: TableChanges<Row>,
  before: ReadonlyMap<string, { readonly row: object }>,
): PlannedChange[] => {
  const ownerOf = (row: Row): "file" | "ui" => row.managed_by ?? "file";
  const hide = (fields: readonly FieldChange[]): readonly FieldChange[] =>
    kind !== "endpoint"
      ? fields
      : fields.map((one) => (SECRET_COLUMNS.test(one.path) ? { ...one, from: SECRET, to: SECRET } : one));
  const added = [...changes.added, ...changes.revived].map(
    (row): PlannedChange => ({ action: "add", kind, id: row.id, managedBy: ownerOf(row), fields: [] }),
  );
  const changed = changes.changed.flatMap((row): PlannedChange[] => {
    const fields = hide(rowFields(before.get(row.id)?.row ?? {}, row));
    // Another place in the list alone, or a secret sealed anew, is nothing that people asked for.
    if (fields.length === 0) return [];
    return [{ action: "change", kind, id: row.id, managedBy: ownerOf(row), fields }];
  });
  const removed = changes.retired.map(
    (id): PlannedChange => ({ action: "remove", kind, id, managedBy: "file", fields: [] }),
  );
  return [...added, ...changed, ...removed];
};

/** Parts of the document that have tables of their own. */
const TABLES: ReadonlySet<string> = new Set(["services", "locations", "notifications"]);

const ofSettings = (before: string | undefined, after: string): PlannedChange[] => {
  const read = (text: string): Record<string, unknown> => {
    const entries = Object.entries(JSON.parse(text) as Record<string, unknown>);
    return Object.fromEntries(entries.filter(([key]) => !TABLES.has(key)));
  };
  const [a, b] = [before === undefined ? {} : read(before), read(after)];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((id): PlannedChange[] => {
    const fields = fieldChanges(a[id], b[id]);
    if (fields.length === 0) return [];
    const action = a[id] === undefined ? "add" : b[id] === undefined ? "remove" : "change";
    return [{ action, kind: "settings", id, managedBy: "file", fields: action === "change" ? fields : [] }];
  });
};

/**
 * What an apply of a configuration would change, without changing it. Locks the configuration until `tx` ends.
 * @throws AppError CONFIG_INVALID as `applyConfig`
 */
export const planConfig = async (
  tx: Tx,
  { config, secretBox }: { readonly config: Config; readonly secretBox: SecretBox },
): Promise<Plan> => {
  const { before, mirror, document, changes } = await comparePlanned(tx, config, secretBox);
  const byHand = await readHandMade(tx);
  const endpoints = (await readEndpoints(tx)).filter(({ managedBy }) => managedBy === "api").map(({ id }) => id);
  return {
    version: before?.version.toString() ?? null,
    changes: [
      ...ofSettings(before?.text, document.text),
      ...ofTable("location", changes.locations, mirror.locations),
      ...ofTable("service", changes.services, mirror.openedServices),
      ...ofTable("probe", changes.probes, mirror.openedProbes),
      ...ofTable("slo", changes.slos, mirror.openedSlos),
      ...ofTable("endpoint", changes.endpoints, openEndpoints(mirror.endpoints, secretBox)),
    ],
    madeByHand: { ...byHand, endpoints },
  };
};
