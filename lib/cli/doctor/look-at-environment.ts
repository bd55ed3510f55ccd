import { readdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { CommandContext } from "#lib/cli/command.ts";
import { readApiSettings } from "#lib/config/api-env.ts";
import { createSuggester } from "#lib/config/suggest.ts";
import type { Finding } from "./finding.ts";
import { ok, problem, warning } from "./finding.ts";

const LEAST_FREE_BYTES = 1_000_000_000;
const GIGABYTE = 1_000_000_000;

/** Variables of ours that nothing reads are misspelt ones: their defaults apply without a word. */
export const lookAtVariables = (env: CommandContext["env"], known: readonly string[]): Finding[] => {
  const strangers = Object.keys(env).filter((name) => name.startsWith("NINES_") && !known.includes(name));
  if (strangers.length === 0) return [ok("environment", "every NINES_ variable is one that Nines reads")];
  const suggest = createSuggester(known.length * strangers.length);
  return strangers.map((name) => {
    const near = suggest(name, known);
    return warning(
      "environment",
      `nothing reads the variable ${name}`,
      near === null ? "Remove it; README lists the variables." : `Call it ${near}, or remove it.`,
    );
  });
};

const COLLECTORS = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

/** Values that keep the web role from starting, or that the exporter of traces cannot use. @throws AppError USAGE */
export const lookAtSettings = (env: CommandContext["env"]): Finding[] => {
  readApiSettings(env);
  const isGrpc = (env.OTEL_EXPORTER_OTLP_PROTOCOL ?? "").startsWith("grpc");
  const wrong = COLLECTORS.filter((name) => {
    const value = env[name] ?? "";
    return value !== "" && !isGrpc && !/^https?:\/\//i.test(value);
  });
  if (wrong.length === 0) return [ok("settings", "limits, origins, networks and collector can be used")];
  return wrong.map((name) =>
    problem("settings", `${name} is no http address: no trace is sent`, "Write it as http://collector.internal:4318."),
  );
};

/** The folder of spool, page cache and embedded database: there, ours, private where it must be, and not full. */
export const lookAtDataFolder = async (dataDir: string): Promise<Finding[]> => {
  const names = await readdir(dataDir).catch((error: NodeJS.ErrnoException) => error);
  if (names instanceof Error)
    return names.code === "ENOENT"
      ? [
          warning(
            "data_folder",
            `${dataDir} is not there yet`,
            "Start once, or set NINES_DATA_DIR as the service has it.",
          ),
        ]
      : [
          problem(
            "data_folder",
            `${dataDir} cannot be read (${names.code})`,
            "Run this as the user of the service, or give that user the folder.",
          ),
        ];
  const { bavail, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  const room = `${dataDir} has ${(free / GIGABYTE).toFixed(1)} GB free`;
  const findings = [
    free < LEAST_FREE_BYTES
      ? problem("disk", room, "Free some room: a full disk stops the database, and probes keep 64 MB only meanwhile.")
      : ok("disk", room),
  ];
  const key = await stat(join(dataDir, "secret.key")).catch(() => null);
  // The lowest six bits are what group and others may do.
  if (key !== null && (key.mode & 0o077) !== 0)
    findings.push(
      problem(
        "secret_key_file",
        `${join(dataDir, "secret.key")} can be read by other users`,
        `chmod 600 ${join(dataDir, "secret.key")}, and rotate the key with "nines secret rotate" if others had access.`,
      ),
    );
  return findings;
};
