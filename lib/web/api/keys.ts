import { changeKey } from "#lib/commands/api-keys/change-key.ts";
import { createKey } from "#lib/commands/api-keys/create-key.ts";
import { assertHolds, revokeKey, rotateKey } from "#lib/commands/api-keys/end-key.ts";
import { revokeToken } from "#lib/commands/identity/revoke-token.ts";
import type { KEY_OPERATIONS } from "#lib/contracts/operations/keys.ts";
import type { Principal, Scope } from "#lib/core/access/authorise.ts";
import { listKeys } from "#lib/read/api-keys.ts";
import type { HandlersOf } from "./types.ts";

/** The scopes of whoever asks. */
export const heldBy = (principal: Principal): readonly Scope[] =>
  principal.kind === "anonymous" ? [] : principal.scopes;

export const keyHandlers: HandlersOf<typeof KEY_OPERATIONS> = {
  listKeys: async ({ database, clock }, { query }) => ({ body: await listKeys(database, query, clock.now()) }),
  createKey: async ({ tx, now, actor, randomBytes }, { principal, body }) => {
    const { mode, expiresAt = null, ...key } = body;
    assertHolds(heldBy(principal), key.scopes);
    const made = await createKey(tx, { ...key, expiresAt, isTest: mode === "test", now, actor, randomBytes });
    return { body: made, location: "/v1/keys" };
  },
  changeKey: async ({ tx, now, actor }, { params, body }) => ({
    body: await changeKey(tx, { id: params.id, change: body, actor, now }),
  }),
  revokeToken: async ({ tx, now, actor }, { body }) => {
    const { token, issuer = "", jti = "", reason = null } = body;
    const wanted = token === undefined ? { issuer, jti } : { token };
    return { body: await revokeToken(tx, { wanted, reason, actor, now }) };
  },
  rotateKey: async ({ tx, now, actor, randomBytes }, { principal, params, body }) => {
    const { graceDays, expiresAt = null } = body;
    const held = heldBy(principal);
    const made = await rotateKey(tx, { id: params.id, graceDays, expiresAt, held, now, actor, randomBytes });
    return { body: made, location: "/v1/keys" };
  },
  revokeKey: async ({ tx, now, actor }, { params }) => {
    await revokeKey(tx, { id: params.id, now, actor });
    return { body: null };
  },
};
