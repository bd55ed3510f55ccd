import type postgres from "postgres";
import { insertAudit } from "#db/queries/audit.ts";
import { readConfigDocument } from "#db/queries/config.ts";
import type { ConfigRows, EndpointPlain, EndpointSealed, ProbePlain, Stored } from "#db/queries/mirror.ts";
import {
  lockConfig,
  readMirror,
  upsertEndpoints,
  upsertLocations,
  upsertProbes,
  upsertServices,
  upsertSlos,
} from "#db/queries/mirror.ts";
import {
  insertConfigVersion,
  retireEndpoints,
  retireLocations,
  retireProbes,
  retireServices,
  retireSlos,
} from "#db/queries/mirror-retire.ts";
import type { Config } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { withoutSecrets } from "#lib/core/without-secrets.ts";
import { applyDeadMan } from "./apply-dead-man.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { TableChanges } from "./config-changes.ts";
import { changesOf, isUnchanged, summaryOf, writtenRows } from "./config-changes.ts";
import { documentOf, rowsOf } from "./config-rows.ts";
import { hideOldSecrets } from "./hide-old-secrets.ts";
import { hashOfToken, probeSecretsContext, sealProbe } from "./sealed-probe.ts";
import { openForComparison } from "./sealed-secrets.ts";
import type { ServiceCompared, SloCompared } from "./sealed-source.ts";
import { openServices, openSlos, sealService, sealSlo } from "./sealed-source.ts";
import type { SecretBox } from "./secret-box.ts";
import { endpointHeadersContext, endpointSecretContext, endpointUrlContext } from "./secret-box.ts";

type Mirror = Awaited<ReturnType<typeof readMirror>>;

/** The secret in clear; null when it cannot be opened: the file holds it, so it is sealed anew with the present key. */
const openOrNull = (box: SecretBox, cipher: string, context: string): string | null => {
  try {
    return box.open(cipher, context);
  } catch {
    return null;
  }
};

const openHeaders = (box: SecretBox, cipher: string, id: string): Record<string, string> =>
  JSON.parse(openOrNull(box, cipher, endpointHeadersContext(id)) ?? "{}") as Record<string, string>;

const openEndpoints = (stored: Mirror["endpoints"], box: SecretBox): Map<string, Stored<EndpointPlain>> =>
  new Map(
    [...stored].map(([id, { row, ...rest }]) => {
      const { url_ciphertext, secret_ciphertext, headers_ciphertext, ...common } = row;
      const url = openOrNull(box, url_ciphertext, endpointUrlContext(id)) ?? "";
      const secret = openOrNull(box, secret_ciphertext, endpointSecretContext(id)) ?? "";
      const headers = headers_ciphertext === null ? null : openHeaders(box, headers_ciphertext, id);
      return [id, { row: { ...common, url, secret, headers }, ...rest }];
    }),
  );

/** A probe for comparison: with its secrets, and whether its row is as this release writes it. */
type ProbeCompared = ProbePlain & { readonly is_sealed: boolean };

const openProbes = (stored: Mirror["probes"], wanted: ConfigRows["probes"], box: SecretBox) => {
  const inFile = new Map(wanted.map((row) => [row.id, row.definition]));
  return new Map(
    [...stored].map(([id, { row, ...rest }]): [string, Stored<ProbeCompared>] => {
      const { secrets_ciphertext: secretsCiphertext, token_sha256, ...common } = row;
      const sealed = { definition: row.definition, secretsCiphertext, context: probeSecretsContext(id) };
      const { definition, isSealed } = openForComparison(box, sealed, inFile.get(id));
      const token = definition.type === "heartbeat" ? hashOfToken(definition.token) : null;
      return [id, { row: { ...common, definition, is_sealed: isSealed && token === token_sha256 }, ...rest }];
    }),
  );
};

/** Seals what changed only: an untouched ciphertext shows that address and secret are the old ones. */
const sealEndpoint = (row: EndpointPlain, before: EndpointSealed | undefined, box: SecretBox): EndpointSealed => {
  const { url, secret, headers, ...common } = row;
  const reseal = (plain: string, old: string | undefined, context: string): string =>
    old !== undefined && openOrNull(box, old, context) === plain ? old : box.seal(plain, context);
  return {
    ...common,
    url_ciphertext: reseal(url, before?.url_ciphertext, endpointUrlContext(row.id)),
    secret_ciphertext: reseal(secret, before?.secret_ciphertext, endpointSecretContext(row.id)),
    headers_ciphertext:
      headers === null
        ? null
        : reseal(canonicalJson(headers), before?.headers_ciphertext ?? undefined, endpointHeadersContext(row.id)),
  };
};

/** A version is new when the definition changed; a probe that comes back starts a new one, because none ran meanwhile. */
const withVersions = <Row extends { readonly id: string; readonly definition: unknown }>(
  changes: TableChanges<Row>,
  stored: ReadonlyMap<string, Stored<Row>>,
  isNewWhenRevived: boolean,
  textOf: (row: Row) => string = ({ definition }) => canonicalJson(definition),
): (Row & { version: number })[] => {
  const revived = new Set(changes.revived.map((row) => row.id));
  return writtenRows(changes).map((row) => {
    const before = stored.get(row.id);
    if (before === undefined) return { ...row, version: 1 };
    const isSame = textOf(before.row) === textOf(row);
    return {
      ...row,
      version: isSame && !(isNewWhenRevived && revived.has(row.id)) ? before.version : before.version + 1,
    };
  });
};

const compare = (wanted: ConfigRows, mirror: Opened, box: SecretBox) => ({
  locations: changesOf(wanted.locations, mirror.locations),
  services: changesOf(
    wanted.services.map((row): ServiceCompared => ({ ...row, is_sealed: true })),
    mirror.openedServices,
  ),
  probes: changesOf(
    wanted.probes.map((row): ProbeCompared => ({ ...row, is_sealed: true })),
    mirror.openedProbes,
  ),
  slos: changesOf(
    wanted.slos.map((row): SloCompared => ({ ...row, is_sealed: true })),
    mirror.openedSlos,
  ),
  endpoints: changesOf(wanted.endpoints, openEndpoints(mirror.endpoints, box)),
});
type Changes = ReturnType<typeof compare>;
type Opened = Mirror & {
  readonly openedProbes: ReturnType<typeof openProbes>;
  readonly openedServices: ReturnType<typeof openServices>;
  readonly openedSlos: ReturnType<typeof openSlos>;
};

/** Another password of a source is no other promise: what was counted stays counted. */
const sloText = ({ definition }: SloCompared): string => canonicalJson(withoutSecrets(definition));

const write = async (
  tx: postgres.TransactionSql,
  { changes, mirror, now, box }: { changes: Changes; mirror: Opened; now: EpochMs; box: SecretBox },
): Promise<void> => {
  const { locations, services, probes, slos, endpoints } = changes;
  const some = (rows: readonly unknown[]): boolean => rows.length > 0;
  if (some(writtenRows(locations))) await upsertLocations(tx, writtenRows(locations));
  const sealedServices = writtenRows(services).map(({ is_sealed: _, ...row }) =>
    sealService(box, row, mirror.services.get(row.id)?.row),
  );
  if (some(sealedServices)) await upsertServices(tx, sealedServices);
  const sealedProbes = withVersions(probes, mirror.openedProbes, true).map(({ version, is_sealed: _, ...row }) => ({
    ...sealProbe(box, row, mirror.probes.get(row.id)?.row),
    version,
  }));
  if (some(sealedProbes)) await upsertProbes(tx, sealedProbes, now);
  const sealedSlos = withVersions(slos, mirror.openedSlos, false, sloText).map(({ is_sealed: _, ...row }) =>
    sealSlo(box, row, mirror.slos.get(row.id)?.row),
  );
  if (some(sealedSlos)) await upsertSlos(tx, sealedSlos, now);
  const sealed = writtenRows(endpoints).map((row) => sealEndpoint(row, mirror.endpoints.get(row.id)?.row, box));
  if (some(sealed)) await upsertEndpoints(tx, sealed);
  if (some(endpoints.retired)) await retireEndpoints(tx, endpoints.retired, now);
  if (some(slos.retired)) await retireSlos(tx, slos.retired, now);
  if (some(probes.retired)) await retireProbes(tx, probes.retired, now);
  if (some(services.retired)) await retireServices(tx, services.retired, now);
  if (some(locations.retired)) await retireLocations(tx, locations.retired, now);
};

/**
 * Makes the mirror tables equal to a configuration, in the caller's transaction: writes what is new or changed, retires
 * what left the file, takes back what returned, and records a version with an audit entry. A changed probe or SLO gets a
 * new version from `now` on. A file that changes nothing writes nothing and gets no version.
 * @throws AppError CONFIG_INVALID when the configuration has no service or no location, or a text that cannot be stored.
 */
export const applyConfig = async (
  tx: postgres.TransactionSql,
  { config, now, secretBox }: { config: Config; now: EpochMs; secretBox: SecretBox },
): Promise<{ version: bigint; changed: boolean }> => {
  if (config.services.length === 0 || config.locations.length === 0) {
    throw new AppError("CONFIG_INVALID", "a configuration without services or locations is never applied");
  }
  const document = documentOf(config);
  // Postgres keeps no NUL inside JSON.
  if (/(?<!\\)(?:\\\\)*\\u0000/.test(document.text)) {
    throw new AppError("CONFIG_INVALID", "a text of the configuration holds the character NUL");
  }
  await lockConfig(tx);
  const before = await readConfigDocument(tx);
  const stored = await readMirror(tx);
  const rows = rowsOf(config);
  const mirror: Opened = {
    ...stored,
    openedProbes: openProbes(stored.probes, rows.probes, secretBox),
    openedServices: openServices(stored.services, rows.services, secretBox),
    openedSlos: openSlos(stored.slos, rows.slos, secretBox),
  };
  const changes = compare(rows, mirror, secretBox);
  const { probes, slos, services } = changes;
  await hideOldSecrets(tx, {
    ...stored,
    retired: { probes: probes.retired, slos: slos.retired, services: services.retired },
  });
  const isDeadManChanged = await applyDeadMan(tx, config.deadMan, secretBox);
  const isSame =
    !isDeadManChanged &&
    before?.sha256 === document.sha256 &&
    Object.values(changes).every((table) => isUnchanged(table));
  if (before !== null && isSame) return { version: before.version, changed: false };

  await write(tx, { changes, mirror, now, box: secretBox });
  const version = await insertConfigVersion(tx, { sha256: document.sha256, document: document.text, now });
  await insertAudit(tx, {
    at: now,
    actor: "config",
    action: "config.applied",
    subject: `config/${version}`,
    before: before === null ? null : { version: before.version.toString(), sha256: before.sha256 },
    after: {
      version: version.toString(),
      sha256: document.sha256,
      locations: summaryOf(changes.locations),
      services: summaryOf(changes.services),
      probes: summaryOf(changes.probes),
      slos: summaryOf(changes.slos),
      endpoints: summaryOf(changes.endpoints),
    },
  });
  return { version, changed: true };
};
