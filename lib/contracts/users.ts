import { z } from "zod";
import type { Role } from "#lib/core/identity/roles.ts";
import { ROLES } from "#lib/core/identity/roles.ts";
import { Identifier, Instant } from "./api.ts";

export const RoleName = z.enum(ROLES).meta({ id: "Role" });

export const UserResource = z
  .strictObject({
    id: Identifier,
    login: z.string().meta({ description: "What is typed to sign in, lower case", example: "ana@example.com" }),
    name: z.string(),
    role: RoleName,
    state: z.enum(["active", "disabled"]),
    hasPassword: z.boolean(),
    hasSecondFactor: z.boolean(),
    isFromIdentityProvider: z.boolean().meta({ description: "Signs in by OpenID Connect; the role comes from there" }),
    createdBy: z.string(),
    createdAt: Instant,
    updatedAt: Instant,
    lastSignInAt: Instant.nullable(),
  })
  .meta({ id: "User", description: "A person who may sign in" });
export type UserResource = z.infer<typeof UserResource>;

/** The stored facts of a user. Instants are milliseconds since the epoch. */
export type UserFacts = {
  readonly id: string;
  readonly login: string;
  readonly name: string;
  readonly role: Role;
  readonly passwordHash: string | null;
  readonly totpEnabledAt: number | null;
  readonly oidcSubject: string | null;
  readonly disabledAt: number | null;
  readonly lastSignInAt: number | null;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
};

const iso = (at: number): string => new Date(at).toISOString();

/** The one way to make a UserResource. */
export const userResource = (user: UserFacts): UserResource => ({
  id: user.id,
  login: user.login,
  name: user.name,
  role: user.role,
  state: user.disabledAt === null ? "active" : "disabled",
  hasPassword: user.passwordHash !== null,
  hasSecondFactor: user.totpEnabledAt !== null,
  isFromIdentityProvider: user.oidcSubject !== null,
  createdBy: user.createdBy,
  createdAt: iso(user.createdAt),
  updatedAt: iso(user.updatedAt),
  lastSignInAt: user.lastSignInAt === null ? null : iso(user.lastSignInAt),
});
