import type { Database } from "#db/database.ts";
import { hasUsers, readUser, readUsers } from "#db/queries/users.ts";
import type { UserResource } from "#lib/contracts/users.ts";
import { userResource } from "#lib/contracts/users.ts";
import { AppError } from "#lib/core/errors.ts";
import type { MemoryQuery, PageFor } from "./memory-list.ts";
import { listInMemory } from "./memory-list.ts";

/** One page of the users, by login. */
export const listUsers = async <Query extends MemoryQuery>(
  database: Database,
  query: Query,
): Promise<PageFor<Query, UserResource>> =>
  listInMemory((await database.read(readUsers)).map(userResource), query, {
    kind: "users",
    textsOf: ({ id, login, name }) => [id, login, name],
    createdAtOf: ({ createdAt }) => createdAt,
  });

/** @throws AppError NOT_FOUND */
export const getUser = async (database: Database, id: string): Promise<UserResource> => {
  const user = await database.read((db) => readUser(db, id));
  if (user === null) throw new AppError("NOT_FOUND", `there is no user "${id}"`);
  return userResource(user);
};

/** Whether anybody may sign in yet: before that, a link sets the installation up. */
export const isSetUp = (database: Database): Promise<boolean> => database.read(hasUsers);
