import { randomBytes } from "node:crypto";
import type { Writable } from "node:stream";
import { openDatabase } from "#db/database.ts";
import type { StartSettings } from "#lib/cli/start/settings.ts";
import { createSignInLink } from "#lib/commands/sign-in.ts";
import type { Clock } from "#lib/runtime/clock.ts";

type Args = {
  readonly stdout: Writable;
  readonly settings: StartSettings;
  /** Null when this instance has no web role. */
  readonly port: number | null;
  readonly databaseUrl: string;
  readonly configPath: string;
  readonly isDemo: boolean;
  readonly clock: Clock;
};

/** The address that a browser on this machine can open. */
export const localAddress = (host: string, port: number): string => {
  const name = host === "0.0.0.0" || host === "::" || host === "" ? "localhost" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
};

const makeSignInToken = async (databaseUrl: string, clock: Clock): Promise<string> => {
  const database = openDatabase({ url: databaseUrl, applicationName: "nines-start", maxConnections: 1 });
  try {
    return (await createSignInLink(database, { now: clock.now(), actor: "cli", randomBytes })).token;
  } finally {
    await database.close();
  }
};

/** Says on the terminal that everything runs, where the page is, and how to sign in. */
export const announce = async ({
  stdout,
  settings,
  port,
  databaseUrl,
  configPath,
  isDemo,
  clock,
}: Args): Promise<void> => {
  if (port === null) {
    stdout.write(`Nines is ready: ${settings.roles.join(", ")} with ${configPath}\n`);
    return;
  }
  const page = localAddress(settings.host, port);
  const token = await makeSignInToken(databaseUrl, clock);
  const afterwards = isDemo
    ? `  This is a demonstration with three local services: one is always up, one is slow at times, one fails in the
  first minute of every five. For your own services: cp nines.example.yaml nines.yaml, change it, start again.
  To remove the demonstration's data: rm -r ${settings.dataDir}`
    : `  Configuration ${configPath} (read again when it changes)`;
  stdout.write(`
Nines is ready.

  Status page   ${page}
  Dashboards    ${page}/admin/sign-in?token=${token}
                (works once, for 15 minutes; a new one: npm run -s nines -- user sign-in-link)

${afterwards}

`);
};
