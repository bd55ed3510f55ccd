import type { Writable } from "node:stream";
import { parseArgs, styleText } from "node:util";
import type { Command, CommandContext, ExitCode } from "#lib/cli/command.ts";
import { loadConfigFile } from "#lib/cli/start/read-config-file.ts";
import type { ConfigError, ConfigWarning } from "#lib/config/config-error.ts";
import { printable } from "#lib/config/config-error.ts";
import { cureFor } from "#lib/config/cures.ts";
import { DEFAULT_CONFIG_PATH, readEnvironment } from "#lib/config/env.ts";
import type { ConfigResult } from "#lib/config/load-config.ts";
import { findOverdueReviews } from "#lib/config/overdue-reviews.ts";
import type { Config } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import { systemClock } from "#lib/runtime/clock.ts";

const USAGE = `Usage: nines check [--json] [FILE]

Checks a configuration file and tells all its faults. FILE is NINES_CONFIG or ./nines.yaml when it is left out.
  --json   one JSON object on standard output
Exit: 0 the file can be used, 1 it cannot, 2 wrong usage.`;

type Style = (format: Parameters<typeof styleText>[0], text: string) => string;

/** Colour for terminals only; NO_COLOR switches it off there too. */
const styleFor = (out: Writable, env: CommandContext["env"]): Style => {
  const isColoured = (out as { isTTY?: boolean }).isTTY === true && !env.NO_COLOR;
  return (format, text) => (isColoured ? styleText(format, text, { validateStream: false }) : text);
};

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;

const describe = ({ locations, services, notifications }: Config): string =>
  [
    count(services.length, "service"),
    count(
      services.reduce((sum, service) => sum + service.probes.length, 0),
      "probe",
    ),
    count(
      services.reduce((sum, service) => sum + service.slos.length, 0),
      "SLO",
    ),
    count(locations.length, "location"),
    count(notifications.length, "notification"),
  ].join(", ");

const errorBlock = (error: ConfigError, style: Style): string => {
  const where = [
    error.path === "" ? "the whole file" : error.path,
    ...(error.line === undefined ? [] : [`line ${error.line}`]),
  ];
  return `${style("bold", where.join(", "))}  ${style("red", error.kind)}\n  ${error.message}\n  ${cureFor(error)}\n`;
};

const WARNING_CURES: Readonly<Record<ConfigWarning["kind"], string>> = {
  feasibility: "Change the interval or the locations of its probes, or give the SLO burn_rate_alerts of its own.",
  review: "Review the SLO with its owner, and name the next day of review.",
};

const warningBlock = (warning: ConfigWarning, style: Style): string =>
  `${style("bold", warning.path)}  ${style("yellow", "warning")}\n  ${warning.message}\n  ${WARNING_CURES[warning.kind]}\n`;

const forPeople = (file: string, result: ConfigResult, style: Style): string => {
  const name = printable(file, 1_000);
  if (!result.ok) {
    const blocks = result.errors.map((error) => errorBlock(error, style));
    return [`${name}: ${count(result.errors.length, "fault")}\n`, ...blocks].join("\n");
  }
  const blocks = result.warnings.map((warning) => warningBlock(warning, style));
  return [`${style("green", "OK")} ${name}: ${describe(result.config)}\n`, ...blocks].join("\n");
};

const forMachines = (result: ConfigResult): string =>
  JSON.stringify(
    result.ok ? { ok: true, errors: [], warnings: result.warnings } : { ok: false, errors: result.errors },
  );

const parseCommandLine = (args: readonly string[]): { file: string | undefined; isJson: boolean } => {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { json: { type: "boolean" } },
      allowPositionals: true,
    });
    if (positionals.length > 1) throw new Error("only one file can be checked at a time");
    return { file: positionals[0], isJson: values.json === true };
  } catch (error) {
    throw new AppError("USAGE", (error as Error).message, { cause: error });
  }
};

/** A file that cannot be read is told like a fault, so that machines get JSON in every case. */
const load = async (file: string, env: CommandContext["env"]): Promise<ConfigResult> => {
  try {
    return await loadConfigFile(file, env);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "CONFIG_UNREADABLE") throw error;
    return {
      ok: false,
      errors: [{ path: "", kind: "reference", message: `CONFIG_UNREADABLE: ${printable(error.detail, 1_000)}` }],
    };
  }
};

const run = async (context: CommandContext): Promise<ExitCode> => {
  const { file: named, isJson } = parseCommandLine(context.args);
  const file = named ?? readEnvironment(context.env).configPath ?? DEFAULT_CONFIG_PATH;
  const loaded = await load(file, context.env);
  const result = loaded.ok
    ? { ...loaded, warnings: [...loaded.warnings, ...findOverdueReviews(loaded.config, systemClock.now())] }
    : loaded;
  const text = isJson ? `${forMachines(result)}\n` : forPeople(file, result, styleFor(context.stdout, context.env));
  await new Promise<void>((resolve, reject) =>
    context.stdout.write(text, (error) => (error ? reject(error) : resolve())),
  );
  return result.ok ? 0 : 1;
};

export const command: Command = { summary: "check a configuration file and tell all its faults", usage: USAGE, run };
