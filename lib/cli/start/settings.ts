import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseDatabaseUrl } from "#db/connection.ts";
import type { CommandContext } from "#lib/cli/command.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import type { RoleName } from "#lib/cli/roles/role.ts";
import { ROLES } from "#lib/cli/roles/role.ts";
import { readWord } from "#lib/cli/usage-error.ts";
import { readApiSettings } from "#lib/config/api-env.ts";
import { readEnvironment } from "#lib/config/env.ts";

/** What the environment and the command line ask `start` to do. */
export type StartSettings = {
  readonly roles: readonly RoleName[];
  /** The user's file, or null for the demonstration. */
  readonly configPath: string | null;
  /** Null: the embedded PostgreSQL. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  readonly secretKey: string | null;
  readonly oldSecretKeys: readonly string[];
  readonly isProduction: boolean;
};

const DEFAULT_CONFIG = "nines.yaml";
/** The demonstration keeps its data apart, so that a real start begins empty and the demonstration can be deleted. */
export const DEMO_FOLDER = "demo";

const readRoles = (text: string | undefined): readonly RoleName[] => {
  if (text === undefined) return ROLES;
  const asked = text.split(",").map((name) => readWord(name.trim(), ROLES, "role"));
  return ROLES.filter((role) => asked.includes(role));
};

const findConfig = (named: string | undefined): string | null => {
  if (named !== undefined) return resolve(named);
  return existsSync(DEFAULT_CONFIG) ? resolve(DEFAULT_CONFIG) : null;
};

const parseFlags = (args: readonly string[]) =>
  readOptions(args, { options: { role: { type: "string" }, config: { type: "string" } } }).values;

/** @throws AppError USAGE for a wrong flag or variable, DATABASE_UNREACHABLE for an address that is none. */
export const readStartSettings = (context: CommandContext, options: { isProduction: boolean }): StartSettings => {
  const flags = parseFlags(context.args);
  const environment = readEnvironment(context.env);
  // Now, since the role that uses them would only crash.
  readApiSettings(context.env);
  // Now, since later an address that cannot be used looks like a server that does not answer yet.
  if (environment.databaseUrl !== null) parseDatabaseUrl(environment.databaseUrl);
  const configPath = findConfig(flags.config ?? environment.configPath ?? undefined);
  const isTerminal = (context.stderr as { isTTY?: boolean }).isTTY === true;
  return {
    roles: readRoles(flags.role),
    configPath,
    databaseUrl: environment.databaseUrl,
    dataDir: configPath === null ? join(resolve(environment.dataDir), DEMO_FOLDER) : resolve(environment.dataDir),
    host: environment.host,
    port: environment.port,
    // On a terminal the summary is what a person reads; every request as a line would bury it.
    logLevel: environment.logLevel ?? (isTerminal ? "warn" : "info"),
    secretKey: environment.secretKey,
    oldSecretKeys: environment.oldSecretKeys,
    isProduction: options.isProduction,
  };
};
