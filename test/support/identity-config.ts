import { createHash } from "node:crypto";
import type { Database } from "#db/database.ts";
import { insertConfigVersion } from "#db/queries/config-versions.ts";
import type { TokenIssuer } from "#lib/core/identity/definition.ts";
import { DEFAULT_SESSION_LIMITS } from "#lib/core/identity/session-limits.ts";
import { systemClock } from "#lib/runtime/clock.ts";

/** Makes a provider on this machine the one that people sign in at; members of "platform" are administrators. */
export const configureProvider = async (
  database: Database,
  {
    issuer,
    clientSecret,
    tokenIssuers = [],
  }: { readonly issuer: string; readonly clientSecret: string; readonly tokenIssuers?: readonly TokenIssuer[] },
): Promise<void> => {
  const document = JSON.stringify({
    page: { name: "Status", url: null, timeZone: "UTC", languages: ["en"] },
    egress: { allow: ["127.0.0.1"] },
    identity: {
      sessions: DEFAULT_SESSION_LIMITS,
      oidc: {
        ...{ issuer, clientId: "nines", clientSecret, name: "Example", groupsClaim: "groups" },
        ...{ scopes: ["profile", "email"], roles: [{ group: "platform", role: "admin" }], defaultRole: null },
      },
      tokenIssuers,
    },
  });
  const sha256 = createHash("sha256").update(document).digest("hex");
  await database.transaction((tx) => insertConfigVersion(tx, { sha256, document, now: systemClock.now() }));
};
