import { randomBytes } from "node:crypto";
import { readConfigDocument } from "#db/queries/config.ts";
import { readUserByLogin, readUsers } from "#db/queries/users.ts";
import type { Command, CommandContext } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { readSubcommand } from "#lib/cli/read-subcommand.ts";
import { showRow, showRows } from "#lib/cli/show-rows.ts";
import { localAddress } from "#lib/cli/start/announce.ts";
import { readWord, requiredOption } from "#lib/cli/usage-error.ts";
import { passwordHasher as hasher } from "#lib/commands/identity/passwords.ts";
import { createSignInLink } from "#lib/commands/sign-in.ts";
import type { UserChange } from "#lib/commands/users/change-user.ts";
import { changeUser, createUser, removeUser } from "#lib/commands/users/change-user.ts";
import { readEnvironment } from "#lib/config/env.ts";
import type { UserResource } from "#lib/contracts/users.ts";
import { userResource } from "#lib/contracts/users.ts";
import { AppError } from "#lib/core/errors.ts";
import { ROLES } from "#lib/core/identity/roles.ts";
import { systemClock } from "#lib/runtime/clock.ts";

const OPTIONS = {
  user: { type: "string" },
  name: { type: "string" },
  role: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

const ACTIONS = {
  "sign-in-link": { options: ["user"], takesId: false },
  list: { options: [], takesId: false },
  add: { options: ["role", "name"], takesId: true },
  role: { options: ["role"], takesId: true },
  disable: { options: [], takesId: true },
  enable: { options: [], takesId: true },
  "remove-second-factor": { options: [], takesId: true },
  remove: { options: [], takesId: true },
} as const;

const readArgs = (args: readonly string[]) =>
  readSubcommand("user", args, { options: OPTIONS, actions: ACTIONS, idName: "login" });
type Args = ReturnType<typeof readArgs>;

const ACTOR = "cli";
const pathOf = (token: string): string => `/admin/sign-in?token=${token}`;

const readRole = (text: string | undefined): (typeof ROLES)[number] =>
  readWord(requiredOption(text, `--role ${ROLES.join("|")}`), ROLES, "role");

/** @throws AppError NOT_FOUND */
const idOf = (context: CommandContext, login: string): Promise<string> =>
  withDatabase(context, async (database) => {
    const user = await database.read((db) => readUserByLogin(db, login.toLowerCase()));
    if (user === null) throw new AppError("NOT_FOUND", `there is no user "${login}"; "user list" shows them`);
    return user.id;
  });

const printLink = async (context: CommandContext, { values }: Args): Promise<void> => {
  const { host, port } = readEnvironment(context.env);
  const userId = values.user === undefined ? null : await idOf(context, values.user);
  const { token, expiresAt, pageUrl } = await withDatabase(context, async (database) => {
    const document = await database.read(readConfigDocument);
    const link = await createSignInLink(database, { now: systemClock.now(), actor: ACTOR, randomBytes, userId });
    return { ...link, pageUrl: document?.page.url ?? null };
  });
  const local = `${localAddress(host, port)}${pathOf(token)}`;
  const remote = pageUrl === null ? null : `${pageUrl}${pathOf(token)}`;
  if (values.json) {
    const answer = { url: local, publicUrl: remote, expiresAt: new Date(expiresAt).toISOString() };
    context.stdout.write(`${JSON.stringify(answer)}\n`);
    return;
  }
  context.stdout.write(`${local}\n`);
  if (remote !== null) context.stdout.write(`from elsewhere: ${remote}\n`);
  context.stderr.write("The link works once, for 15 minutes.\n");
};

const lineOf = ({ login, role, state, name, lastSignInAt, hasSecondFactor }: UserResource): string => {
  const seen = lastSignInAt === null ? "not signed in yet" : `last signed in ${lastSignInAt}`;
  return `${login}  ${role}  ${state}  ${name}  ${hasSecondFactor ? "second factor" : "no second factor"}  ${seen}\n`;
};

const list = async (context: CommandContext, { values }: Args): Promise<void> => {
  const users = (await withDatabase(context, (database) => database.read(readUsers))).map(userResource);
  const none = "There are no users yet; a sign-in link opens the dashboards for the first administrator.";
  showRows(context, users, { json: values.json, line: lineOf, none });
};

const add = async (context: CommandContext, args: Args): Promise<void> => {
  const { id: login } = args;
  const { name = login, json } = args.values;
  const role = readRole(args.values.role);
  const more = { held: null, actor: ACTOR, now: systemClock.now(), randomBytes, hasher };
  const user = await withDatabase(context, (database) =>
    database.transaction((tx) => createUser(tx, { login, name, role, ...more })),
  );
  showRow(context, user, { json, line: lineOf });
  if (!json)
    context.stderr.write(`They sign in by a link until they have a password: user sign-in-link --user ${login}\n`);
};

const changeTo =
  (changeOf: (args: Args) => UserChange) =>
  async (context: CommandContext, args: Args): Promise<void> => {
    const change = changeOf(args);
    const id = await idOf(context, args.id);
    const more = { held: null, actor: ACTOR, now: systemClock.now(), hasher };
    const user = await withDatabase(context, (database) =>
      database.transaction((tx) => changeUser(tx, { id, change, ...more })),
    );
    showRow(context, user, { json: args.values.json, line: lineOf });
  };

const remove = async (context: CommandContext, args: Args): Promise<void> => {
  const id = await idOf(context, args.id);
  await withDatabase(context, (database) =>
    database.transaction((tx) => removeUser(tx, { id, held: null, actor: ACTOR, now: systemClock.now() })),
  );
  context.stdout.write(args.values.json ? `${JSON.stringify({ id, isRemoved: true })}\n` : "The user is removed.\n");
};

const RUNS: Readonly<Record<keyof typeof ACTIONS, (context: CommandContext, args: Args) => Promise<void>>> = {
  "sign-in-link": printLink,
  list,
  add,
  role: changeTo(({ values }) => ({ role: readRole(values.role) })),
  disable: changeTo(() => ({ state: "disabled" })),
  enable: changeTo(() => ({ state: "active" })),
  "remove-second-factor": changeTo(() => ({ removeSecondFactor: true })),
  remove,
};

export const command: Command = {
  summary: "sign-in links, and who may sign in to the dashboards",
  usage: `Usage: nines user sign-in-link [--user LOGIN] [--json]
       nines user list [--json]
       nines user add LOGIN --role viewer|responder|editor|admin [--name TEXT]
       nines user role LOGIN --role ROLE
       nines user disable|enable|remove|remove-second-factor LOGIN

sign-in-link prints a link that signs in once, within 15 minutes: as the user, or as the first administrator. Where the
service has a PORT of its own, this command needs the same. Whoever has the link is let in: pass it on as you would a
password. A new role, or being disabled, ends all sessions of a user at once.
The service must run, or DATABASE_URL must be set.`,
  run: async (context) => {
    const args = readArgs(context.args);
    await RUNS[args.action](context, args);
    return 0;
  },
};
