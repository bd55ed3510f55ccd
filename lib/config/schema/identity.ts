import { createPublicKey } from "node:crypto";
import { z } from "zod";
import { ROLES } from "#lib/core/identity/roles.ts";
import { DAY_MS, MINUTE_MS } from "#lib/core/units.ts";
import { isReference } from "../rules/notification.ts";
import { checkWebUrl } from "../rules/url.ts";
import type { Check } from "../scalars.ts";
import { checkName, duration, text } from "../scalars.ts";

// The section `identity`: who may sign in, and whose tokens machines may show.

const MINUTES = { min: 5 * MINUTE_MS, max: DAY_MS };

const checkReference: Check<string> = (value) =>
  isReference(value)
    ? null
    : { kind: "format", message: "must be env:NAME or file:PATH; secrets do not stand in this file" };

const checkClaim: Check<string> = (value) =>
  /^[A-Za-z0-9_:./-]{1,200}$/.test(value) ? null : { kind: "format", message: "must be the name of a claim" };

const url = (description: string) => text(checkWebUrl, { description, format: "uri", "x-type": "URL" });
const word = (description: string, more: Record<string, unknown> = {}) =>
  text(checkName(200), { description, maxLength: 200, ...more });
const role = (description: string) => z.enum(ROLES).meta({ description });

const MAX_PEM = 4_096;
const SHORTEST_RSA = 2_048;

/** RSA of 2,048 bits and more for RS256, or P-256 for ES256; no private key by mistake. */
const checkPem: Check<string> = (value) => {
  if (value.length > MAX_PEM) return { kind: "limit", message: `must have at most ${MAX_PEM} characters` };
  if (!/^\s*-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(value))
    return { kind: "format", message: "must be a public key in PEM, -----BEGIN PUBLIC KEY-----" };
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey(value);
    const isRsa = asymmetricKeyType === "rsa" && (asymmetricKeyDetails?.modulusLength ?? 0) >= SHORTEST_RSA;
    if (isRsa || (asymmetricKeyType === "ec" && asymmetricKeyDetails?.namedCurve === "prime256v1")) return null;
  } catch {
    // Falls through: what cannot be read is no key.
  }
  return { kind: "format", message: "must be an RSA key of 2,048 bits and more, or one on the curve P-256" };
};

const OidcFile = z.strictObject({
  issuer: url("Address of the identity provider, as it spells it"),
  client_id: word("What the provider calls us"),
  client_secret: text(checkReference, {
    description: "What we show to the provider. Followed by the web role when somebody signs in; stored nowhere",
    "x-type": "secret",
    "x-default": "none: a public client",
    "x-limits": "`env:NAME` or `file:PATH`",
  }).optional(),
  name: word("What the button says", { default: "single sign-on" }).optional(),
  scopes: z
    .array(text(checkClaim, { description: "Scope", "x-type": "text" }))
    .max(20)
    .meta({ description: "What is asked for beside `openid`", default: ["profile", "email"] })
    .optional(),
  groups_claim: text(checkClaim, {
    description: "The claim that lists a person's groups",
    default: "groups",
  }).optional(),
  role_mapping: z
    .array(
      z.strictObject({
        group: word("Group at the provider"),
        role: role("What its members may do"),
      }),
    )
    .min(1)
    .max(200)
    .meta({ description: "Roles by group; the strongest one counts" }),
  default_role: role("Of people in none of the groups").meta({ "x-default": "none: they are not let in" }).optional(),
});

const TokenIssuerFile = z.strictObject({
  issuer: word("`iss` of the tokens"),
  audience: word("`aud` of the tokens: the name of this service"),
  jwks_url: url("Where the issuer publishes its keys").meta({ "x-default": "none: then `public_keys`" }).optional(),
  public_keys: z
    .array(
      z.strictObject({
        kid: word("`kid` in the head of tokens"),
        pem: text(checkPem, { description: "`-----BEGIN PUBLIC KEY-----` …", maxLength: MAX_PEM, "x-type": "PEM" }),
      }),
    )
    .max(10)
    .meta({
      description: "Keys for tokens whose `kid` the key set does not have, or that cannot be fetched",
      default: [],
    })
    .optional(),
});

export const IdentityFile = z.strictObject({
  sessions: z
    .strictObject({
      idle: duration(MINUTES, {
        description: "A session that is not used for so long ends",
        default: "30m",
      }).optional(),
      absolute: duration(
        { min: 5 * MINUTE_MS, max: 30 * DAY_MS },
        { description: "A session ends after this, however busy it was", default: "12h" },
      ).optional(),
    })
    .meta({ description: "How long somebody stays signed in" })
    .optional(),
  oidc: OidcFile.meta({
    description: "Sign-in at an identity provider (OpenID Connect)",
    "x-default": "none",
  }).optional(),
  token_issuers: z
    .array(TokenIssuerFile)
    .max(10)
    .meta({ description: "Whose JWTs (RS256, ES256) open `/v1` by their `scope` claim", default: [] })
    .optional(),
});
export type IdentityFile = z.infer<typeof IdentityFile>;
