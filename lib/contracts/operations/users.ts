import { z } from "zod";
import { LONGEST_PASSWORD, SHORTEST_PASSWORD } from "#lib/core/identity/password-rules.ts";
import { Instant } from "../api.ts";
import { RoleName, UserResource } from "../users.ts";
import { listOperation, wholePaging } from "./list-operation.ts";
import type { Operation } from "./operation.ts";
import { bodyLine, NoQuery, READ_ONE_PROBLEMS, WRITE_PROBLEMS } from "./operation.ts";

const name = bodyLine(100, "What people call the person");
const password = z
  .string()
  .min(SHORTEST_PASSWORD)
  .max(LONGEST_PASSWORD)
  .meta({ description: "Not one that everybody tries. Ends all sessions of the user", format: "password" });

const CreateUserBody = z
  .strictObject({
    login: z
      .string()
      .trim()
      .toLowerCase()
      .regex(/^[a-z0-9][a-z0-9._+@-]{0,253}$/, "is no e-mail address or short name")
      .meta({ description: "E-mail address or short name", example: "ana@example.com" }),
    name,
    role: RoleName,
    password: password.optional().meta({ description: "Left out: the user signs in by a link until there is one" }),
  })
  .meta({ id: "UserCreation" });

const ChangeUserBody = z
  .strictObject({
    name: name.optional(),
    role: RoleName.optional(),
    state: z.enum(["active", "disabled"]).optional(),
    password: password.optional(),
    removeSecondFactor: z.literal(true).optional().meta({ description: "For who lost both device and recovery codes" }),
  })
  .meta({ id: "UserChange" });

const NewSignInLink = z
  .strictObject({
    path: z.string().meta({ description: "Below the address of this installation. Shown this once" }),
    expiresAt: Instant,
  })
  .meta({ id: "SignInLink" });

export const USER_OPERATIONS = [
  listOperation({
    operationId: "listUsers",
    path: "/v1/users",
    tag: "users",
    summary: "List those who may sign in, by login",
    scope: "users:read",
    query: wholePaging("users"),
    item: UserResource,
    name: "UserList",
  }),
  {
    operationId: "createUser",
    method: "POST",
    path: "/v1/users",
    tag: "users",
    summary: "Add a user",
    scope: "users:write",
    query: NoQuery,
    body: CreateUserBody,
    response: UserResource,
    status: 201,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "getUser",
    method: "GET",
    path: "/v1/users/{id}",
    tag: "users",
    summary: "One user",
    scope: "users:read",
    query: NoQuery,
    response: UserResource,
    problems: READ_ONE_PROBLEMS,
  },
  {
    operationId: "changeUser",
    method: "PATCH",
    path: "/v1/users/{id}",
    tag: "users",
    summary: "Change a user; a new role, password or state ends their sessions",
    scope: "users:write",
    query: NoQuery,
    body: ChangeUserBody,
    response: UserResource,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "removeUser",
    method: "DELETE",
    path: "/v1/users/{id}",
    tag: "users",
    summary: "Remove a user for good; the audit log keeps what they did",
    scope: "users:write",
    query: NoQuery,
    response: null,
    status: 204,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "createUserSignInLink",
    method: "POST",
    path: "/v1/users/{id}/sign-in-links",
    tag: "users",
    summary: "Make a link that signs the user in once, within 15 minutes",
    scope: "users:write",
    query: NoQuery,
    response: NewSignInLink,
    status: 201,
    problems: WRITE_PROBLEMS,
  },
] as const satisfies readonly Operation[];
