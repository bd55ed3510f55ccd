import { z } from "zod";
import type { Scope } from "#lib/core/access/authorise.ts";
import { isScope, SCOPES } from "#lib/core/access/authorise.ts";
import { Identifier, Instant } from "./api.ts";

/** The calendar version that new keys are locked to. */
export const API_VERSION = "2026-11-01";
/** Calendar versions of `/v1` that this release answers in, the newest last. */
export const API_VERSIONS = [API_VERSION] as const;

export const ScopeName = z
  .enum(SCOPES as [(typeof SCOPES)[number], ...(typeof SCOPES)[number][]])
  .meta({ id: "Scope" });

const keyFields = {
  id: Identifier,
  name: z.string(),
  scopes: z.array(ScopeName),
  state: z.enum(["active", "expired", "revoked"]),
  mode: z.enum(["live", "test"]).meta({ description: "A test key opens the demonstration only" }),
  apiVersion: z.string().meta({ description: "The calendar version that the key is locked to", example: API_VERSION }),
  createdBy: z.string(),
  createdAt: Instant,
  expiresAt: Instant.nullable(),
  lastUsedAt: Instant.nullable().meta({ description: "Exact to a minute" }),
  revokedAt: Instant.nullable(),
  replacedBy: Identifier.nullable().meta({ description: "The key that took over when this one was rotated" }),
};

export const ApiKeyResource = z
  .strictObject(keyFields)
  .meta({ id: "ApiKey", description: "A key of the API, without its token" });
export type ApiKeyResource = z.infer<typeof ApiKeyResource>;

export const NewApiKeyResource = z
  .strictObject({ ...keyFields, token: z.string().meta({ description: "Shown this once: nk_live_… or nk_test_…" }) })
  .meta({ id: "NewApiKey" });
export type NewApiKeyResource = z.infer<typeof NewApiKeyResource>;

/** The stored facts of a key. Instants are milliseconds since the epoch. */
export type ApiKeyFacts = {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly apiVersion: string;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
  readonly replacedBy: string | null;
  readonly isTest: boolean;
};

const iso = (at: number): string => new Date(at).toISOString();
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

/** What a key is good for at `now`, in milliseconds since the epoch. */
export const keyStateAt = (key: ApiKeyFacts, now: number): ApiKeyResource["state"] => {
  if (key.revokedAt !== null) return "revoked";
  return key.expiresAt !== null && key.expiresAt <= now ? "expired" : "active";
};

/** The scopes of a key that this release knows. */
export const scopesOf = (key: ApiKeyFacts): Scope[] => key.scopes.filter(isScope);

/** The one way to make an ApiKeyResource. */
export const keyResource = (key: ApiKeyFacts, now: number): ApiKeyResource => ({
  id: key.id,
  name: key.name,
  scopes: scopesOf(key),
  state: keyStateAt(key, now),
  mode: key.isTest ? "test" : "live",
  apiVersion: key.apiVersion,
  createdBy: key.createdBy,
  createdAt: iso(key.createdAt),
  expiresAt: isoOrNull(key.expiresAt),
  lastUsedAt: isoOrNull(key.lastUsedAt),
  revokedAt: isoOrNull(key.revokedAt),
  replacedBy: key.replacedBy,
});
