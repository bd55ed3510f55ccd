import { passwordHasher } from "#lib/commands/identity/passwords.ts";
import { changeUser, createUser, createUserLink, removeUser } from "#lib/commands/users/change-user.ts";
import type { USER_OPERATIONS } from "#lib/contracts/operations/users.ts";
import { getUser, listUsers } from "#lib/read/users.ts";
import { heldBy } from "./keys.ts";
import type { HandlersOf } from "./types.ts";

export const userHandlers: HandlersOf<typeof USER_OPERATIONS> = {
  listUsers: async ({ database }, { query }) => ({ body: await listUsers(database, query) }),
  createUser: async ({ tx, now, actor, randomBytes }, { principal, body }) => {
    const user = await createUser(tx, {
      ...body,
      held: heldBy(principal),
      now,
      actor,
      randomBytes,
      hasher: passwordHasher,
    });
    return { body: user, location: `/v1/users/${user.id}` };
  },
  getUser: async ({ database }, { params }) => ({ body: await getUser(database, params.id) }),
  changeUser: async ({ tx, now, actor }, { principal, params, body }) => {
    const held = heldBy(principal);
    return { body: await changeUser(tx, { id: params.id, change: body, held, now, actor, hasher: passwordHasher }) };
  },
  removeUser: async ({ tx, now, actor }, { principal, params }) => {
    await removeUser(tx, { id: params.id, held: heldBy(principal), now, actor });
    return { body: null };
  },
  createUserSignInLink: async ({ tx, now, actor, randomBytes }, { principal, params }) => {
    const held = heldBy(principal);
    const { token, expiresAt } = await createUserLink(tx, { id: params.id, held, now, actor, randomBytes });
    const body = { path: `/admin/sign-in?token=${token}`, expiresAt: new Date(expiresAt).toISOString() };
    return { body, location: `/v1/users/${params.id}` };
  },
};
