import type { IdentityDefinition, OidcDefinition } from "#lib/core/identity/definition.ts";
import { DEFAULT_SESSION_LIMITS } from "#lib/core/identity/session-limits.ts";
import { toDuration } from "../scalars.ts";
import type { IdentityFile } from "../schema/identity.ts";

const toOidc = (file: NonNullable<IdentityFile["oidc"]>): OidcDefinition => ({
  issuer: file.issuer,
  clientId: file.client_id,
  clientSecret: file.client_secret ?? null,
  name: file.name ?? "single sign-on",
  scopes: file.scopes ?? ["profile", "email"],
  groupsClaim: file.groups_claim ?? "groups",
  roles: file.role_mapping,
  defaultRole: file.default_role ?? null,
});

/** Who may sign in, as the web role knows it. */
export const toIdentity = ({ sessions, oidc, token_issuers }: IdentityFile): IdentityDefinition => ({
  sessions: {
    idleMs: sessions?.idle === undefined ? DEFAULT_SESSION_LIMITS.idleMs : toDuration(sessions.idle),
    absoluteMs: sessions?.absolute === undefined ? DEFAULT_SESSION_LIMITS.absoluteMs : toDuration(sessions.absolute),
  },
  oidc: oidc === undefined ? null : toOidc(oidc),
  tokenIssuers: (token_issuers ?? []).map(({ issuer, audience, jwks_url, public_keys }) => ({
    issuer,
    audience,
    jwksUrl: jwks_url ?? null,
    ...(public_keys === undefined || public_keys.length === 0 ? {} : { publicKeys: public_keys }),
  })),
});
