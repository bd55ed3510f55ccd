import type { Tx } from "#db/database.ts";
import type { ConfigRows, EndpointPlain, EndpointSealed, Stored } from "#db/queries/mirror.ts";
import { upsertEndpoints, upsertLocations, upsertProbes, upsertServices, upsertSlos } from "#db/queries/mirror.ts";
import {
  retireEndpoints,
  retireLocations,
  retireProbes,
  retireServices,
  retireSlos,
} from "#db/queries/mirror-retire.ts";
import { canonicalJson } from "#lib/commands/canonical-json.ts";
import type { TableChanges } from "#lib/commands/config-changes.ts";
import { changesOf, summaryOf, writtenRows } from "#lib/commands/config-changes.ts";
import { sealProbe } from "#lib/commands/sealed-probe.ts";
import type { ServiceCompared, SloCompared } from "#lib/commands/sealed-source.ts";
import { sealService, sealSlo } from "#lib/commands/sealed-source.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { endpointHeadersContext, endpointSecretContext, endpointUrlContext } from "#lib/commands/secret-box.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { withoutSecrets } from "#lib/core/without-secrets.ts";
import type { Opened, ProbeCompared } from "./open-mirror.ts";
import { openEndpoints, openOrNull } from "./open-mirror.ts";

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

/** What has to be written so that the tables hold `wanted`. */
export const compareMirror = (wanted: ConfigRows, mirror: Opened, box: SecretBox) => ({
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
export type MirrorChanges = ReturnType<typeof compareMirror>;

/** The same in the words of the audit log and of the history of versions: ids by table. */
export const summaryOfChanges = (changes: MirrorChanges): Readonly<Record<keyof MirrorChanges, unknown>> => ({
  locations: summaryOf(changes.locations),
  services: summaryOf(changes.services),
  probes: summaryOf(changes.probes),
  slos: summaryOf(changes.slos),
  endpoints: summaryOf(changes.endpoints),
});

/** Another password of a source is no other promise: what was counted stays counted. */
const sloText = ({ definition }: SloCompared): string => canonicalJson(withoutSecrets(definition));

/** Writes what differs; a changed probe or SLO gets a new version from `now` on. */
export const writeMirror = async (
  tx: Tx,
  { changes, mirror, now, box }: { changes: MirrorChanges; mirror: Opened; now: EpochMs; box: SecretBox },
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
