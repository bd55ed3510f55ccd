import type { Tx } from "#db/database.ts";
import { insertAudit } from "#db/queries/audit.ts";
import { hasUsers, insertUser, lockAdministrators, readAdministrators } from "#db/queries/users.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { newId } from "#lib/runtime/ids.ts";

export type FirstAdministrator = {
  readonly login: string;
  readonly name: string;
  readonly passwordHash: string | null;
};

type World = { readonly actor: string; readonly now: EpochMs; readonly randomBytes: RandomBytes };

/** Who the first administrator is when nobody said so. */
const UNNAMED: FirstAdministrator = { login: "admin", name: "Administrator", passwordHash: null };

const insertFirst = async (tx: Tx, who: FirstAdministrator, world: World): Promise<string> => {
  const { actor, now, randomBytes } = world;
  const { login, name, passwordHash } = who;
  const id = newId("usr", now, randomBytes);
  const identity = { oidcIssuer: null, oidcSubject: null };
  await insertUser(tx, {
    id,
    login,
    name,
    role: "admin",
    passwordHash,
    ...identity,
    createdBy: actor,
    createdAt: now,
  });
  const after = { login, name, role: "admin", isFirst: true };
  await insertAudit(tx, { at: now, actor, action: "user.created", subject: id, before: null, after });
  return id;
};

/**
 * Makes the first administrator. Of several at once, in however many processes, one succeeds.
 * @throws AppError NOT_FOUND once there is any user: the set-up is over for good
 */
export const createFirstAdministrator = async (tx: Tx, who: FirstAdministrator, world: World): Promise<string> => {
  await lockAdministrators(tx);
  if (await hasUsers(tx)) throw new AppError("NOT_FOUND", "this installation is set up already");
  return insertFirst(tx, who, world);
};

/** The oldest administrator; the first one is made when there is no user at all. */
export const ensureFirstAdministrator = async (tx: Tx, world: World): Promise<string> => {
  await lockAdministrators(tx);
  const [oldest] = await readAdministrators(tx);
  return oldest?.id ?? insertFirst(tx, UNNAMED, world);
};
