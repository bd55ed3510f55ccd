import { createHash } from "node:crypto";
import type { ProbePlain, ProbeSealed } from "#db/queries/mirror.ts";
import type { ProbeDefinition } from "#lib/core/definitions.ts";
import type { ProbeSecrets } from "#lib/core/without-secrets.ts";
import { secretsOf, withoutSecrets, withSecrets } from "#lib/core/without-secrets.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { SecretBox } from "./secret-box.ts";

/** Where the secrets of a probe stand. */
const probeSecretsContext = (probeId: string): string => `probes:${probeId}:secrets`;

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
): ProbeDefinition | null => {
  if (secretsCiphertext === null) return withSecrets(definition, {});
  try {
    const secrets = JSON.parse(box.open(secretsCiphertext, probeSecretsContext(definition.id))) as ProbeSecrets;
    return withSecrets(definition, secrets);
  } catch {
    return null;
  }
};

/** True when no secret stands in clear. */
export const isSealed = (definition: ProbeDefinition): boolean => Object.keys(secretsOf(definition)).length === 0;

/** A row as it is written: the definition without its secrets, and those sealed; what is the same stays byte for byte. */
export const sealProbe = (box: SecretBox, row: ProbePlain, before: ProbeSealed | undefined): ProbeSealed => {
  const secrets = secretsOf(row.definition);
  const text = canonicalJson(secrets);
  const context = probeSecretsContext(row.id);
  const seal = (): string => {
    const old = before?.secrets_ciphertext ?? null;
    try {
      if (old !== null && box.open(old, context) === text) return old;
    } catch {
      // Of another key: sealed anew with the present one.
    }
    return box.seal(text, context);
  };
  return {
    ...row,
    definition: withoutSecrets(row.definition),
    secrets_ciphertext: Object.keys(secrets).length === 0 ? null : seal(),
    token_sha256: row.definition.type === "heartbeat" ? hashOfToken(row.definition.token) : null,
  };
};
