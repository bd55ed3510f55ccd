import type { ProbeDefinition } from "./probe-definitions.ts";
import type { SloDefinition, ThresholdAlert } from "./slo-definitions.ts";

/** Headers whose values let somebody in. */
const SECRET_HEADER = /auth|cookie|token|secret|key|pass|credential|session|signature|jwt/i;
/** Fields of a definition that are secret wherever they stand. */
const SECRET_FIELDS: ReadonlySet<string> = new Set(["password", "token", "keyPem"]);

/** What stands in the place of a secret. */
export const HIDDEN = "[hidden]";

type Place = readonly (string | number)[];
/** Tells what to put in the place of a secret text. */
type Replace = (secret: string, place: Place) => string;

const isSecretField = (name: string): boolean => SECRET_FIELDS.has(name);

/** Whether a header field of this name carries a credential. */
export const isSecretHeader = (name: string): boolean => SECRET_HEADER.test(name);

const replaceIn = (value: unknown, place: Place, isSecret: (key: string) => boolean, replace: Replace): unknown => {
  if (Array.isArray(value)) return value.map((each, index) => replaceIn(each, [...place, index], isSecret, replace));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const at = [...place, key];
      if (typeof inner === "string") return [key, isSecret(key) ? replace(inner, at) : inner];
      return [key, replaceIn(inner, at, key === "headers" ? isSecretHeader : isSecretField, replace)];
    }),
  );
};

/** What may hold credentials: of probes, and of the PromQL sources of SLOs and threshold alerts. */
export type Secretive = ProbeDefinition | SloDefinition | ThresholdAlert | readonly ThresholdAlert[];

/** A definition for eyes that need no credentials: the record of versions, logs, pages. Its shape stays the same. */
export const withoutSecrets = <Definition extends Secretive>(definition: Definition): Definition =>
  replaceIn(definition, [], isSecretField, () => HIDDEN) as Definition;

/** The secrets of a definition by their place in it, which is the JSON text of a path. */
export type Secrets = Readonly<Record<string, string>>;

/** The secrets that a definition holds; empty when it has none. What is hidden already is none. */
export const secretsOf = (definition: Secretive): Secrets => {
  const secrets: Record<string, string> = {};
  replaceIn(definition, [], isSecretField, (secret, place) => {
    if (secret !== HIDDEN) secrets[JSON.stringify(place)] = secret;
    return secret;
  });
  return secrets;
};

/**
 * Puts secrets back where they are hidden; what stands there in clear stays. Null when a hidden one is not among them, so
 * that nothing is ever sent with the mark in the place of a password.
 */
export const withSecrets = <Definition extends Secretive>(
  definition: Definition,
  secrets: Secrets,
): Definition | null => {
  let isWhole = true;
  const whole = replaceIn(definition, [], isSecretField, (text, place) => {
    if (text !== HIDDEN) return text;
    const key = JSON.stringify(place);
    const secret = Object.hasOwn(secrets, key) ? secrets[key] : undefined;
    isWhole &&= secret !== undefined;
    return secret ?? text;
  }) as Definition;
  return isWhole ? whole : null;
};
