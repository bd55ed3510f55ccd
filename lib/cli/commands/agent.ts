import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Command, CommandContext } from "#lib/cli/command.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { usageError } from "#lib/cli/usage-error.ts";
import { readEnvironment } from "#lib/config/env.ts";
import { checkAllowEntry, checkId } from "#lib/config/scalars.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { createLogger } from "#lib/runtime/logger.ts";
import { startAgent } from "#probes/agent/agent.ts";
import type { AgentIdentity } from "#probes/agent/identity.ts";
import { openIdentity } from "#probes/agent/identity.ts";
import { readServerAddress } from "#probes/agent/server-address.ts";

const USAGE = `Usage: nines agent --server URL --location ID [options]

      --server URL    the installation that this location belongs to; https, or http on this machine
      --location ID   a location of its configuration
      --data DIR      key, list of probes and runs that wait; NINES_DATA_DIR/agent-ID
      --allow CIDR    opens a range or name that is not globally reachable, for the probes of this location; may be repeated
      --ca FILE       trusts the authorities of this PEM file for the server instead of the public ones

At the first start it makes a key pair and prints the command that registers the public key on the server.`;

const OPTIONS = {
  server: { type: "string" },
  location: { type: "string" },
  data: { type: "string" },
  allow: { type: "string", multiple: true },
  ca: { type: "string" },
} as const;

const parse = (args: readonly string[]) => readOptions(args, { options: OPTIONS }).values;

const readCa = async (path: string | undefined): Promise<string | null> => {
  if (path === undefined) return null;
  return readFile(path, "utf8").catch(() => {
    throw usageError(`--ca: ${path} cannot be read`);
  });
};

/** @throws AppError USAGE */
const readArgs = async (context: CommandContext) => {
  const { server, location, data, allow = [], ca } = parse(context.args);
  if (server === undefined || location === undefined) throw usageError("--server and --location are required");
  const complaint = checkId(location);
  if (complaint !== null) throw usageError(`--location ${complaint.message}`);
  const wrong = allow.find((entry) => checkAllowEntry(entry) !== null);
  if (wrong !== undefined) throw usageError(`--allow "${wrong}" ${checkAllowEntry(wrong)?.message}`);
  const { dataDir, logLevel } = readEnvironment(context.env);
  return {
    address: readServerAddress(server, allow),
    locationId: location,
    dataDir: resolve(data ?? join(dataDir, `agent-${location}`)),
    allow,
    caPem: await readCa(ca),
    logLevel: logLevel ?? "info",
  };
};

/** What to do on the server, as one line to copy. JSON of a public key holds no quote that a shell would end at. */
const introduce = (context: CommandContext, { publicJwk, locationId, isNew }: AgentIdentity): void => {
  const jwk = JSON.stringify(publicJwk);
  context.stdout.write(`Agent of the location "${locationId}", public key ${publicJwk.kid}
${isNew ? "\nRegister the key on the server:" : "Unless that is done already, register the key on the server:"}

  npm run -s nines -- key add-agent --location ${locationId} --jwk '${jwk}'

`);
};

const untilAborted = (signal: AbortSignal): Promise<void> =>
  signal.aborted
    ? Promise.resolve()
    : new Promise((done) => signal.addEventListener("abort", () => done(), { once: true }));

export const command: Command = {
  summary: "run the probes of a remote location and push what they see to the server",
  usage: USAGE,
  run: async (context) => {
    const { address, locationId, dataDir, allow, caPem, logLevel } = await readArgs(context);
    const log = createLogger({ service: "nines-agent", level: logLevel });
    const identity = await openIdentity({ dataDir, locationId, randomBytes });
    introduce(context, identity);
    const agent = await startAgent({
      address,
      identity,
      dataDir,
      allow,
      caPem,
      clock: systemClock,
      log,
      randomBytes,
      random: Math.random,
    });
    await untilAborted(context.signal);
    await agent.stop();
    return 0;
  },
};
