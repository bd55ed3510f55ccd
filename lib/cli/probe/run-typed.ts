import type { CommandContext } from "#lib/cli/command.ts";
import { readConfigFile } from "#lib/cli/start/read-config-file.ts";
import { usageError } from "#lib/cli/usage-error.ts";
import { DEFAULT_CONFIG_PATH, readEnvironment } from "#lib/config/env.ts";
import { loadConfig } from "#lib/config/load-config.ts";
import type { ProbeDefinition } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";

/** A probe with what it may reach. */
export type TypedProbe = { readonly definition: ProbeDefinition; readonly allow: readonly string[] };

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (text: string): Fields => {
  try {
    const fields: unknown = JSON.parse(text);
    if (typeof fields === "object" && fields !== null && !Array.isArray(fields)) return fields as Fields;
  } catch {
    // Told below, like JSON of another kind.
  }
  throw usageError('the fields of the probe must be a JSON object, such as \'{"host":"example.com","port":443}\'');
};

const PLACE = /^services\[0\]\.probes\[0\]\.?/;

/**
 * A probe of any type from its fields as JSON, named and limited as in the configuration file; what only a schedule
 * needs is filled in. @throws AppError USAGE with every fault
 */
export const probeOfFields = (
  type: string,
  text: string,
  allow: readonly string[],
  env: CommandContext["env"],
): TypedProbe => {
  const probe = { id: "probe", interval: "1d", ...fieldsOf(text), type, locations: ["here"] };
  const services = [{ id: "probe", name: "probe", probes: [probe] }];
  const file = JSON.stringify({ version: 1, egress: { allow }, locations: [{ id: "here" }], services });
  const result = loadConfig({ bytes: new TextEncoder().encode(file), env, judgeUrl });
  const definition = result.ok ? result.config.services[0]?.probes[0] : undefined;
  if (definition !== undefined) return { definition, allow };
  const faults = result.ok ? [] : result.errors;
  throw usageError(faults.map(({ path, message }) => `${path.replace(PLACE, "")}: ${message}`).join("\n"));
};

/**
 * A probe of a configuration file by its id. @throws AppError NOT_FOUND, CONFIG_INVALID, CONFIG_UNREADABLE
 */
export const probeOfConfig = async (
  id: string,
  file: string | undefined,
  allow: readonly string[],
  env: CommandContext["env"],
): Promise<TypedProbe> => {
  const path = file ?? readEnvironment(env).configPath ?? DEFAULT_CONFIG_PATH;
  const config = await readConfigFile(path, env);
  const definition = config.services.flatMap(({ probes }) => probes).find((probe) => probe.id === id);
  if (definition === undefined) throw new AppError("NOT_FOUND", `no probe of ${path} has the id "${id}"`);
  return { definition, allow: [...config.egress.allow, ...allow] };
};
