import { createHash } from "node:crypto";
import type { ProbePlain, ProbeSealed } from "#db/queries/mirror.ts";
import type { ProbeDefinition } from "#lib/core/definitions.ts";
import { withoutSecrets } from "#lib/core/without-secrets.ts";
import { openSecrets, sealSecrets } from "./sealed-secrets.ts";
import type { SecretBox } from "./secret-box.ts";

/** Where the secrets of a probe stand. */
export const probeSecretsContext = (probeId: string): string => `probes:${probeId}:secrets`;

/** A definition as it stands in its row. */
export type StoredDefinition = { readonly definition: ProbeDefinition; readonly secretsCiphertext: string | null };

/** SHA-256 in hex: what the token of a heartbeat is looked up and compared by. */
export const hashOfToken = (token: string): string => createHash("sha256").update(token).digest("hex");

/**
 * A definition with its secrets, also of a row that an older release wrote in clear. Null when they cannot be opened: they
 * were sealed with another key, or moved here from another row.
 */
export const openProbe = (
  box: SecretBox,
  { definition, secretsCiphertext }: StoredDefinition,
): ProbeDefinition | null =>
  openSecrets(box, { definition, secretsCiphertext, context: probeSecretsContext(definition.id) });

/** A row as it is written: the definition without its secrets, and those sealed; what is the same stays byte for byte. */
export const sealProbe = (box: SecretBox, row: ProbePlain, before: ProbeSealed | undefined): ProbeSealed => {
  const place = { before: before?.secrets_ciphertext ?? null, context: probeSecretsContext(row.id) };
  return {
    ...row,
    definition: withoutSecrets(row.definition),
    secrets_ciphertext: sealSecrets(box, row.definition, place),
    token_sha256: row.definition.type === "heartbeat" ? hashOfToken(row.definition.token) : null,
  };
};
