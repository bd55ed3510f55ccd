import * as client from "openid-client";
import type { OidcIdentity } from "#lib/commands/identity/sign-in-oidc.ts";
import type { OidcDefinition } from "#lib/core/identity/definition.ts";
import type { FetchThrough } from "#lib/egress/fetch-through.ts";

/** What has to come back from the provider for a sign-in that was begun here. */
export type OidcChecks = { readonly state: string; readonly nonce: string; readonly verifier: string };

type Claims = Readonly<Record<string, unknown>>;

const textOf = (claims: Claims, name: string): string | null => {
  const value = claims[name];
  return typeof value === "string" && value !== "" ? value : null;
};
const groupsOf = (claims: Claims, name: string): string[] | null => {
  const value = claims[name];
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : null;
};

/** Asks the provider what it is. @throws when it does not answer as OpenID Connect Discovery says */
const discover = async (
  oidc: OidcDefinition,
  { secret, fetchThrough }: { secret: string | null; fetchThrough: FetchThrough },
): Promise<client.Configuration> => {
  const issuer = new URL(oidc.issuer);
  const customFetch: client.CustomFetch = (url, init) => fetchThrough(url, init as Parameters<FetchThrough>[1]);
  const authentication = secret === null ? client.None() : client.ClientSecretBasic(secret);
  // Plain http reaches only what the configuration allows by name; that was judged when it was read.
  const execute = issuer.protocol === "http:" ? [client.allowInsecureRequests] : [];
  const found = await client.discovery(issuer, oidc.clientId, {}, authentication, {
    [client.customFetch]: customFetch,
    execute: [...execute, client.enableNonRepudiationChecks],
  });
  found[client.customFetch] = customFetch;
  return found;
};

export type OidcClient = {
  /** Where to send the browser, and what to keep until it is back. */
  readonly begin: (redirectUri: string) => Promise<{ readonly url: string; readonly checks: OidcChecks }>;
  /** Who came back. @throws for any answer that does not belong to the checks, or is not signed by the provider */
  readonly finish: (returned: URL, checks: OidcChecks) => Promise<OidcIdentity>;
};

/** Authorization code with PKCE, state and nonce (RFC 9700); the provider's keys verify what it says. */
export const createOidcClient = (
  oidc: OidcDefinition,
  deps: { readonly secret: string | null; readonly fetchThrough: FetchThrough },
): OidcClient => {
  let found: Promise<client.Configuration> | null = null;
  const configuration = (): Promise<client.Configuration> => {
    found ??= discover(oidc, deps).catch((error: unknown) => {
      found = null;
      throw error;
    });
    return found;
  };
  return {
    begin: async (redirectUri) => {
      const verifier = client.randomPKCECodeVerifier();
      const checks = { state: client.randomState(), nonce: client.randomNonce(), verifier };
      const url = client.buildAuthorizationUrl(await configuration(), {
        redirect_uri: redirectUri,
        scope: ["openid", ...oidc.scopes].join(" "),
        state: checks.state,
        nonce: checks.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      });
      return { url: url.href, checks };
    },
    finish: async (returned, { state, nonce, verifier }) => {
      const config = await configuration();
      const tokens = await client.authorizationCodeGrant(config, returned, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      const idToken = tokens.claims();
      if (idToken === undefined) throw new Error("the provider sent no ID token");
      const needsMore = groupsOf(idToken, oidc.groupsClaim) === null || textOf(idToken, "email") === null;
      const hasMore = config.serverMetadata().userinfo_endpoint !== undefined;
      const more = needsMore && hasMore ? await client.fetchUserInfo(config, tokens.access_token, idToken.sub) : {};
      const claims: Claims = { ...more, ...idToken };
      return {
        subject: idToken.sub,
        email: textOf(claims, "email") ?? textOf(claims, "preferred_username"),
        name: textOf(claims, "name"),
        groups: groupsOf(claims, oidc.groupsClaim) ?? [],
      };
    },
  };
};
