import type { ProbeDefinition } from "./probe-definitions.ts";

/** Headers whose values let somebody in. */
const SECRET_HEADER = /authorization|cookie|token|secret|key|password/i;
/** Fields of a definition that are secret wherever they stand. */
const SECRET_FIELDS: ReadonlySet<string> = new Set(["password", "token", "keyPem"]);
const HIDDEN = "[hidden]";

const hide = (value: unknown, isSecret: (key: string) => boolean): unknown => {
  if (Array.isArray(value)) return value.map((each) => hide(each, isSecret));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (typeof inner === "string") return [key, isSecret(key) ? HIDDEN : inner];
      const isHeaders = key === "headers";
      return [key, hide(inner, isHeaders ? (name) => SECRET_HEADER.test(name) : (name) => SECRET_FIELDS.has(name))];
    }),
  );
};

/** A definition for eyes that need no credentials: the record of versions, logs, pages. Its shape stays the same. */
export const withoutSecrets = <Definition extends ProbeDefinition>(definition: Definition): Definition =>
  hide(definition, (name) => SECRET_FIELDS.has(name)) as Definition;
