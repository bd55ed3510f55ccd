import { randomBytes } from "node:crypto";
import { readConfigDocument } from "#db/queries/config.ts";
import type { Command } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { localAddress } from "#lib/cli/start/announce.ts";
import { createSignInLink } from "#lib/commands/sign-in.ts";
import { readEnvironment } from "#lib/config/env.ts";
import { AppError } from "#lib/core/errors.ts";
import { systemClock } from "#lib/runtime/clock.ts";

const pathOf = (token: string): string => `/admin/sign-in?token=${token}`;

/** The subcommand and its flags. @throws AppError USAGE */
const readArgs = (args: readonly string[]): { isJson: boolean } => {
  const [action, ...rest] = args;
  if (action !== "sign-in-link") {
    const given = action === undefined ? "no subcommand was given" : `"${action}" is not a subcommand of user`;
    throw new AppError("USAGE", `${given}; there is one: sign-in-link`);
  }
  const unknown = rest.find((arg) => arg !== "--json");
  if (unknown !== undefined) throw new AppError("USAGE", `"${unknown}" is not an option of user sign-in-link`);
  return { isJson: rest.includes("--json") };
};

export const command: Command = {
  summary: "print a fresh one-time link that signs in to the dashboards",
  usage: `Usage: nines user sign-in-link [--json]

Prints a link that signs in once, within 15 minutes. The service must run, or DATABASE_URL must be set;
where it has a PORT of its own, this command needs the same. Whoever has the link is let in: pass it
on as you would a password.`,
  run: async (context) => {
    const { isJson } = readArgs(context.args);
    const { host, port } = readEnvironment(context.env);
    const { token, expiresAt, pageUrl } = await withDatabase(context, async (database) => {
      const document = await database.read(readConfigDocument);
      const link = await createSignInLink(database, { now: systemClock.now(), actor: "cli", randomBytes });
      return { ...link, pageUrl: document?.page.url ?? null };
    });
    const local = `${localAddress(host, port)}${pathOf(token)}`;
    const remote = pageUrl === null ? null : `${pageUrl}${pathOf(token)}`;
    if (isJson) {
      const answer = { url: local, publicUrl: remote, expiresAt: new Date(expiresAt).toISOString() };
      context.stdout.write(`${JSON.stringify(answer)}\n`);
      return 0;
    }
    context.stdout.write(`${local}\n`);
    if (remote !== null) context.stdout.write(`from elsewhere: ${remote}\n`);
    context.stderr.write("The link works once, for 15 minutes.\n");
    return 0;
  },
};
