import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { openDatabase } from "#db/database.ts";
import type { Command, CommandContext } from "#lib/cli/command.ts";
import type { Finding } from "#lib/cli/doctor/finding.ts";
import { ok, problem, warning } from "#lib/cli/doctor/finding.ts";
import { lookAtConfiguration } from "#lib/cli/doctor/look-at-configuration.ts";
import { lookAtDatabase } from "#lib/cli/doctor/look-at-database.ts";
import { lookAtDataFolder, lookAtSettings, lookAtVariables } from "#lib/cli/doctor/look-at-environment.ts";
import { lookAtPort } from "#lib/cli/doctor/look-at-port.ts";
import { lookAtService } from "#lib/cli/doctor/look-at-service.ts";
import { currentDataFolder, findDatabaseUrl } from "#lib/cli/open-database.ts";
import { openSecrets } from "#lib/cli/open-secrets.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { loadConfigFile } from "#lib/cli/start/read-config-file.ts";
import { DEFAULT_CONFIG_PATH, readEnvironment } from "#lib/config/env.ts";
import { ENVIRONMENT_NAMES } from "#lib/config/env-names.ts";
import { AppError } from "#lib/core/errors.ts";
import { systemClock } from "#lib/runtime/clock.ts";

const USAGE = `Usage: nines doctor [--config FILE] [--json]

Looks at the environment, the data folder, the configuration, the database and the running service, and names the cure
of everything that is wrong. It changes nothing. Exit: 0 no problem, 1 a problem, 2 wrong usage.`;

/** An error of a look is a finding like any other, so that the looks after it still happen. */
const attempt = async (
  check: string,
  cure: string,
  look: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> => {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [problem(check, `${error.code}: ${error.detail}`, cure)];
  }
};

const lookAtFile = async (context: CommandContext, named: string | undefined): Promise<readonly Finding[]> => {
  const path = resolve(named ?? readEnvironment(context.env).configPath ?? DEFAULT_CONFIG_PATH);
  if (named === undefined && !existsSync(path))
    return [
      warning(
        "configuration",
        `${path} is not there: the demonstration runs`,
        "Copy nines.example.yaml to nines.yaml.",
      ),
    ];
  return lookAtConfiguration(path, await loadConfigFile(path, context.env));
};

const lookAtStored = async (context: CommandContext): Promise<readonly Finding[]> => {
  const url = await findDatabaseUrl(context.env);
  const database = openDatabase({ url, applicationName: "nines-doctor", maxConnections: 1 });
  try {
    const findings = await lookAtDatabase(database, systemClock);
    if (findings.some(({ check, state }) => state === "problem" && (check === "database" || check === "schema")))
      return findings;
    const secrets = await attempt(
      "secret_key",
      "Give this instance the key that the service had, from the copy that you keep apart from the backups.",
      async () => {
        await openSecrets(context, database);
        return [ok("secret_key", "the key opens what is sealed")];
      },
    );
    return [...findings, ...secrets, ...(await lookAtService(database, systemClock.now()))];
  } finally {
    await database.close();
  }
};

const MARKS: Readonly<Record<Finding["state"], string>> = { ok: "ok      ", warning: "warning ", problem: "PROBLEM " };

const show = ({ stdout }: CommandContext, findings: readonly Finding[]): void => {
  for (const { state, check, message, cure } of findings) {
    stdout.write(`${MARKS[state]} ${check}: ${message}\n`);
    if (cure !== undefined) stdout.write(`          ${cure}\n`);
  }
};

export const command: Command = {
  summary: "look at the whole set-up and name what is wrong, with the cure",
  usage: USAGE,
  run: async (context) => {
    const { values } = readOptions(context.args, {
      options: { config: { type: "string" }, json: { type: "boolean", default: false } },
    });
    const findings = [
      ...lookAtVariables(context.env, ENVIRONMENT_NAMES),
      ...(await attempt("settings", "Correct the variable; README says what each takes.", async () =>
        lookAtSettings(context.env),
      )),
      ...(await attempt("port", "Correct HOST or PORT; README says what each takes.", async () => [
        await lookAtPort(readEnvironment(context.env)),
      ])),
      ...(await attempt("data_folder", "Set NINES_DATA_DIR as the service has it.", async () =>
        lookAtDataFolder(await currentDataFolder(context.env)),
      )),
      ...(await attempt("configuration", "Name the file with --config or NINES_CONFIG.", () =>
        lookAtFile(context, values.config),
      )),
      ...(await attempt("database", "Start the service, or set DATABASE_URL as it has it.", () =>
        lookAtStored(context),
      )),
    ];
    const isFine = findings.every(({ state }) => state !== "problem");
    if (values.json) context.stdout.write(`${JSON.stringify({ ok: isFine, findings })}\n`);
    else show(context, findings);
    return isFine ? 0 : 1;
  },
};
