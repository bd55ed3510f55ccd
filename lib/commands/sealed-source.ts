import type { ServicePlain, ServiceSealed, SloPlain, SloSealed, Stored } from "#db/queries/mirror.ts";
import type { SloDefinition, ThresholdAlert } from "#lib/core/definitions.ts";
import { withoutSecrets } from "#lib/core/without-secrets.ts";
import { openForComparison, openSecrets, sealSecrets } from "./sealed-secrets.ts";
import type { SecretBox } from "./secret-box.ts";

// Credentials of the PromQL sources of SLOs and of threshold alerts.

/** Where the secrets of an SLO's source, and those of all threshold alerts of a service, stand. */
export const sloSecretsContext = (sloId: string): string => `slos:${sloId}:secrets`;

/** Where the secrets of a service are sealed for: they open nowhere else. */
export const serviceSecretsContext = (serviceId: string): string => `services:${serviceId}:secrets`;

/** The definition of an SLO with the credentials of its source; null when they cannot be opened, see `openSecrets`. */
export const openSlo = (
  box: SecretBox,
  { definition, secretsCiphertext }: { definition: SloDefinition; secretsCiphertext: string | null },
): SloDefinition | null =>
  openSecrets(box, { definition, secretsCiphertext, context: sloSecretsContext(definition.id) });

/** All threshold alerts of a service, in their order, with the credentials of their sources; null as of `openSlo`. */
export const openThresholds = (
  box: SecretBox,
  args: { serviceId: string; alerts: readonly ThresholdAlert[]; secretsCiphertext: string | null },
): readonly ThresholdAlert[] | null => {
  const { serviceId, alerts: definition, secretsCiphertext } = args;
  return openSecrets(box, { definition, secretsCiphertext, context: serviceSecretsContext(serviceId) });
};

/** A row for comparison: with its secrets, and whether it is as this release writes it. */
export type SloCompared = SloPlain & { readonly is_sealed: boolean };
export type ServiceCompared = ServicePlain & { readonly is_sealed: boolean };

type StoredMap<Row> = ReadonlyMap<string, Stored<Row>>;

const byId = <Row extends { readonly id: string }>(rows: readonly Row[]): ReadonlyMap<string, Row> =>
  new Map(rows.map((row) => [row.id, row]));

/** Stored SLOs as they compare with wanted ones: with secrets where these could be opened, see `openForComparison`. */
export const openSlos = (
  stored: StoredMap<SloSealed>,
  wanted: readonly SloPlain[],
  box: SecretBox,
): StoredMap<SloCompared> => {
  const inFile = byId(wanted);
  return new Map(
    [...stored].map(([id, { row, ...rest }]): [string, Stored<SloCompared>] => {
      const { secrets_ciphertext: secretsCiphertext, definition: hidden, ...common } = row;
      const sealed = { definition: hidden, secretsCiphertext, context: sloSecretsContext(id) };
      const { definition, isSealed } = openForComparison(box, sealed, inFile.get(id)?.definition);
      return [id, { row: { ...common, definition, is_sealed: isSealed }, ...rest }];
    }),
  );
};

/** Stored services as they compare with wanted ones: the secrets of threshold alerts as in `openSlos`. */
export const openServices = (
  stored: StoredMap<ServiceSealed>,
  wanted: readonly ServicePlain[],
  box: SecretBox,
): StoredMap<ServiceCompared> => {
  const inFile = byId(wanted);
  return new Map(
    [...stored].map(([id, { row, ...rest }]): [string, Stored<ServiceCompared>] => {
      const { secrets_ciphertext: secretsCiphertext, threshold_alerts: hidden, ...common } = row;
      const sealed = { definition: hidden, secretsCiphertext, context: serviceSecretsContext(id) };
      const { definition, isSealed } = openForComparison(box, sealed, inFile.get(id)?.threshold_alerts);
      return [id, { row: { ...common, threshold_alerts: definition, is_sealed: isSealed }, ...rest }];
    }),
  );
};

/** Rows as they are written: secrets hidden where they stood, and sealed beside. `before` is what stands there now. */
export const sealSlo = <Row extends SloPlain>(box: SecretBox, row: Row, before: SloSealed | undefined) => {
  const place = { before: before?.secrets_ciphertext ?? null, context: sloSecretsContext(row.id) };
  return {
    ...row,
    definition: withoutSecrets(row.definition),
    secrets_ciphertext: sealSecrets(box, row.definition, place),
  };
};

/** As `sealSlo`, for the threshold alerts of a service. */
export const sealService = (box: SecretBox, row: ServicePlain, before: ServiceSealed | undefined): ServiceSealed => {
  const place = { before: before?.secrets_ciphertext ?? null, context: serviceSecretsContext(row.id) };
  return {
    ...row,
    threshold_alerts: withoutSecrets(row.threshold_alerts),
    secrets_ciphertext: sealSecrets(box, row.threshold_alerts, place),
  };
};
