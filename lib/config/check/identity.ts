import type { Fault } from "../config-error.ts";
import { isMapping } from "../read-document.ts";
import type { Placed } from "../references.ts";
import { entriesOf, fieldOf } from "../references.ts";
import type { EgressRules } from "../rules/egress.ts";

/** Asks the address policy about the identity provider and the addresses of keys. */
export const checkIdentity = (root: Placed, rules: EgressRules): Fault[] => {
  const section = fieldOf(root, "identity");
  if (!isMapping(section.value)) return [];
  const oidc = fieldOf(section, "oidc");
  const places = [
    ...(isMapping(oidc.value) ? [fieldOf(oidc, "issuer")] : []),
    ...entriesOf(section, "token_issuers")
      .filter(({ value }) => isMapping(value))
      .map((entry) => fieldOf(entry, "jwks_url")),
  ];
  const keyless = entriesOf(section, "token_issuers").filter(
    ({ value }) =>
      isMapping(value) &&
      value.jwks_url === undefined &&
      !(Array.isArray(value.public_keys) && value.public_keys.length > 0),
  );
  const missing = keyless.map(
    (entry): Fault => ({
      kind: "missing",
      message: "is required where there are no public_keys",
      path: fieldOf(entry, "jwks_url").path,
    }),
  );
  const refused = places.flatMap(({ value, path }) => {
    const complaint = typeof value === "string" ? rules.checkWebhookUrl(value) : null;
    return complaint === null ? [] : [{ ...complaint, path }];
  });
  return [...missing, ...refused];
};
