import type { Database } from "#db/database.ts";
import { readIdentityDefinition } from "#db/queries/identity-definition.ts";
import { hasUsers } from "#db/queries/users.ts";
import type { IdentityDefinition } from "#lib/core/identity/definition.ts";
import { DEFAULT_IDENTITY } from "#lib/core/identity/definition.ts";
import { getWebContext } from "./web-context.ts";

export type IdentitySettings = IdentityDefinition & {
  /** `egress.allow`. */
  readonly allow: readonly string[];
  /** Public address of the page; null when none is configured. */
  readonly pageUrl: string | null;
};

/** Who may sign in by the configuration in force, or by the defaults before the first. */
export const readIdentitySettings = async (database: Database): Promise<IdentitySettings> => {
  const document = await database.read(readIdentityDefinition);
  const { allow = [], pageUrl = null } = document ?? {};
  return { ...(document?.identity ?? DEFAULT_IDENTITY), allow, pageUrl };
};

/** What the sign-in page offers. While the database is away, what needs least. */
export const loadSignInChoices = async (): Promise<{ isSetUp: boolean; providerName: string | null }> => {
  const { database } = getWebContext();
  try {
    const [isSetUp, { oidc }] = await Promise.all([database.read(hasUsers), readIdentitySettings(database)]);
    return { isSetUp, providerName: oidc?.name ?? null };
  } catch {
    return { isSetUp: true, providerName: null };
  }
};
