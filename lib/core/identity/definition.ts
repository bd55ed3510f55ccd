import type { Role } from "./roles.ts";
import type { SessionLimits } from "./session-limits.ts";
import { DEFAULT_SESSION_LIMITS } from "./session-limits.ts";

/** Sign-in at an identity provider by OpenID Connect. */
export type OidcDefinition = {
  /** As the provider spells it. */
  readonly issuer: string;
  readonly clientId: string;
  /** `env:NAME` or `file:PATH`, followed where it is used: the secret itself is stored nowhere. Null: a public client. */
  readonly clientSecret: string | null;
  /** What the button says. */
  readonly name: string;
  readonly scopes: readonly string[];
  readonly groupsClaim: string;
  /** The strongest role of all groups counts. */
  readonly roles: readonly { readonly group: string; readonly role: Role }[];
  /** Of people in none of the groups; null: they are not let in. */
  readonly defaultRole: Role | null;
};

/** Who may make tokens for machines. */
export type TokenIssuer = {
  readonly issuer: string;
  readonly audience: string;
  /** Null: its keys stand in the configuration. */
  readonly jwksUrl: string | null;
  /** Public keys in PEM, for what the key set does not have. */
  readonly publicKeys?: readonly { readonly kid: string; readonly pem: string }[];
};

export type IdentityDefinition = {
  readonly sessions: SessionLimits;
  readonly oidc: OidcDefinition | null;
  readonly tokenIssuers: readonly TokenIssuer[];
};

export const DEFAULT_IDENTITY: IdentityDefinition = {
  sessions: DEFAULT_SESSION_LIMITS,
  oidc: null,
  tokenIssuers: [],
};
