import type { JWTVerifyGetKey } from "jose";
import { createRemoteJWKSet, customFetch } from "jose";
import { findMachine, isMachineToken } from "#lib/commands/identity/machine-token.ts";
import { withPublicKeys } from "#lib/commands/identity/public-keys.ts";
import { isRevoked } from "#lib/commands/identity/revoke-token.ts";
import { findSession } from "#lib/commands/sessions.ts";
import type { Principal } from "#lib/core/access/authorise.ts";
import type { OidcDefinition, TokenIssuer } from "#lib/core/identity/definition.ts";
import type { FetchThrough } from "#lib/egress/fetch-through.ts";
import { createFetchThrough } from "#lib/egress/fetch-through.ts";
import type { IdentitySettings } from "#lib/read/identity-settings.ts";
import { readIdentitySettings } from "#lib/read/identity-settings.ts";
import type { Database, Session } from "#lib/read/web-context.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { OidcClient } from "./oidc-client.ts";
import { createOidcClient } from "./oidc-client.ts";

export type IdentityDesk = {
  /** Of the configuration in force, at most ten seconds old. */
  readonly settings: () => Promise<IdentitySettings>;
  readonly findSession: (token: string) => Promise<Session | null>;
  readonly findMachine: (token: string) => Promise<Extract<Principal, { kind: "client" }> | null>;
  /** Null when no provider is configured. */
  readonly oidc: () => Promise<{ readonly definition: OidcDefinition; readonly client: OidcClient } | null>;
};

const SETTINGS_MS = 10_000;
const JWKS_MS = 10 * 60_000;
const JWKS_COOLDOWN_MS = 30_000;

type DeskArgs = {
  readonly database: Database;
  readonly clock: Clock;
  /** Follows `env:NAME` and `file:PATH`; null when nothing is there. */
  readonly resolveSecret: (reference: string) => string | null;
};

/** Settings are read again when they are ten seconds old; while the database is away the last ones hold. */
const createSettings = ({ database, clock }: DeskArgs): (() => Promise<IdentitySettings>) => {
  let known: { readonly settings: IdentitySettings; readonly atMs: number } | null = null;
  return async () => {
    if (known !== null && clock.monotonicMs() - known.atMs < SETTINGS_MS) return known.settings;
    try {
      const settings = await readIdentitySettings(database);
      known = { settings, atMs: clock.monotonicMs() };
      return settings;
    } catch (error) {
      if (known === null) throw error;
      return known.settings;
    }
  };
};

/** The key sets of issuers: fetched once, kept for ten minutes, asked again for a key that is not there. */
const createKeys = (fetchThrough: FetchThrough): ((issuer: TokenIssuer) => JWTVerifyGetKey) => {
  const known = new Map<string, JWTVerifyGetKey>();
  const setOf = (jwksUrl: string): JWTVerifyGetKey => {
    const found = known.get(jwksUrl);
    if (found !== undefined) return found;
    const keys = createRemoteJWKSet(new URL(jwksUrl), {
      cacheMaxAge: JWKS_MS,
      cooldownDuration: JWKS_COOLDOWN_MS,
      [customFetch]: (url: string, init: RequestInit) => fetchThrough(url, init as Parameters<FetchThrough>[1]),
    });
    known.set(jwksUrl, keys);
    return keys;
  };
  return ({ jwksUrl, publicKeys = [] }) => withPublicKeys(jwksUrl === null ? null : setOf(jwksUrl), publicKeys);
};

/** Everything that tells the web role who asks. */
export const createIdentityDesk = (args: DeskArgs): IdentityDesk => {
  const { database, clock, resolveSecret } = args;
  const settings = createSettings(args);
  const fetchThrough = createFetchThrough({ clock, allow: async () => (await settings()).allow });
  const keysOf = createKeys(fetchThrough);
  let provider: { readonly key: string; readonly client: OidcClient } | null = null;
  return {
    settings,
    findSession: async (token) => {
      const { sessions } = await settings();
      return findSession(database, { token, now: clock.now(), limits: sessions });
    },
    findMachine: async (token) => {
      if (!isMachineToken(token)) return null;
      const { tokenIssuers } = await settings();
      const now = clock.now();
      const isTakenBack = (named: { issuer: string; jti: string }) => isRevoked(database, { ...named, now });
      return findMachine(token, { issuers: tokenIssuers, keysOf, now, isRevoked: isTakenBack });
    },
    oidc: async () => {
      const { oidc } = await settings();
      if (oidc === null) return null;
      const secret = oidc.clientSecret === null ? null : resolveSecret(oidc.clientSecret);
      const key = JSON.stringify([oidc, secret]);
      if (provider?.key !== key) provider = { key, client: createOidcClient(oidc, { secret, fetchThrough }) };
      return { definition: oidc, client: provider.client };
    },
  };
};
