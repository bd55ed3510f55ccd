import type { Secretive, Secrets } from "#lib/core/without-secrets.ts";
import { secretsOf, withoutSecrets, withSecrets } from "#lib/core/without-secrets.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { SecretBox } from "./secret-box.ts";

/** A definition as it stands in its row: secrets hidden, and sealed beside it. `context` says which row that is. */
export type Sealed<Definition extends Secretive> = {
  readonly definition: Definition;
  readonly secretsCiphertext: string | null;
  readonly context: string;
};

/**
 * A definition with its secrets, also of a row that an older release wrote in clear. Null when they cannot be opened: they
 * were sealed with another key, or moved here from another row.
 */
export const openSecrets = <Definition extends Secretive>(
  box: SecretBox,
  { definition, secretsCiphertext, context }: Sealed<Definition>,
): Definition | null => {
  if (secretsCiphertext === null) return withSecrets(definition, {});
  try {
    return withSecrets(definition, JSON.parse(box.open(secretsCiphertext, context)) as Secrets);
  } catch {
    return null;
  }
};

/** True when no secret stands in clear. */
export const isSealed = (definition: Secretive): boolean => Object.keys(secretsOf(definition)).length === 0;

/** The sealed secrets of a definition, null when it has none; what is the same stays byte for byte. */
export const sealSecrets = (
  box: SecretBox,
  definition: Secretive,
  { before, context }: { readonly before: string | null; readonly context: string },
): string | null => {
  const secrets = secretsOf(definition);
  if (Object.keys(secrets).length === 0) return null;
  const text = canonicalJson(secrets);
  try {
    if (before !== null && box.open(before, context) === text) return before;
  } catch {
    // Of another key: sealed anew with the present one.
  }
  return box.seal(text, context);
};

/**
 * What stands in a row, for comparison with what the file wants, and whether the row is as this release writes it. Where
 * the secrets cannot be opened they are taken for those of the file if all else is equal: the row is sealed anew.
 */
export const openForComparison = <Definition extends Secretive>(
  box: SecretBox,
  stored: Sealed<Definition>,
  wanted: Definition | undefined,
): { readonly definition: Definition; readonly isSealed: boolean } => {
  const opened = openSecrets(box, stored);
  const isLikeFile =
    wanted !== undefined && canonicalJson(withoutSecrets(wanted)) === canonicalJson(withoutSecrets(stored.definition));
  return {
    definition: opened ?? (isLikeFile ? wanted : stored.definition),
    isSealed: opened !== null && isSealed(stored.definition),
  };
};
