import { readFile } from "node:fs/promises";
import type { AgentKeyRow } from "#db/queries/agents.ts";
import { readAgentKeys } from "#db/queries/agents.ts";
import type { Command, CommandContext } from "#lib/cli/command.ts";
import {
  apiKeyLine,
  createApiKey,
  isApiKeyId,
  readApiKeyList,
  revokeApiKey,
  rotateApiKey,
} from "#lib/cli/key/api-keys.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { readSubcommand } from "#lib/cli/read-subcommand.ts";
import { usageError } from "#lib/cli/usage-error.ts";
import { addAgentKey, revokeAgent } from "#lib/commands/agents/agent-keys.ts";
import { systemClock } from "#lib/runtime/clock.ts";

const OPTIONS = {
  location: { type: "string" },
  jwk: { type: "string" },
  name: { type: "string" },
  scope: { type: "string", multiple: true },
  expires: { type: "string" },
  grace: { type: "string" },
  test: { type: "boolean" },
  json: { type: "boolean", default: false },
} as const;

const ACTIONS = {
  create: { options: ["name", "scope", "expires", "test"], takesId: false },
  rotate: { options: ["grace", "expires"], takesId: true },
  "add-agent": { options: ["location", "jwk"], takesId: false },
  list: { options: [], takesId: false },
  revoke: { options: [], takesId: true },
} as const;

const readArgs = (args: readonly string[]) =>
  readSubcommand("key", args, { options: OPTIONS, actions: ACTIONS, idName: "key" });
type Args = ReturnType<typeof readArgs>;

const addAgent = async (context: CommandContext, { values }: Args): Promise<void> => {
  const { location, jwk } = values;
  if (location === undefined || jwk === undefined) throw usageError("key add-agent needs --location and --jwk");
  const text = jwk.startsWith("@")
    ? await readFile(jwk.slice(1), "utf8").catch(() => {
        throw usageError(`--jwk: ${jwk.slice(1)} cannot be read`);
      })
    : jwk;
  const added = await withDatabase(context, (database) =>
    addAgentKey(database, { locationId: location, jwk: text, actor: "cli", now: systemClock.now() }),
  );
  if (values.json) context.stdout.write(`${JSON.stringify(added)}\n`);
  else
    context.stdout.write(
      `The key ${added.kid} is registered. The location "${added.locationId}" is run by its agent from now on.\n`,
    );
};

const revoke = async (context: CommandContext, { id: kid, values }: Args): Promise<void> => {
  if (isApiKeyId(kid)) await revokeApiKey(context, kid);
  else await withDatabase(context, (database) => revokeAgent(database, { kid, actor: "cli", now: systemClock.now() }));
  if (values.json) context.stdout.write(`${JSON.stringify({ kid, isRevoked: true })}\n`);
  else context.stdout.write(`The key ${kid} is revoked.\n`);
};

const instant = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

const stateOf = ({ revokedAt, lastSeenAt, clockOffsetMs }: AgentKeyRow): string => {
  if (revokedAt !== null) return `revoked ${instant(revokedAt)}`;
  if (lastSeenAt === null) return "not heard of yet";
  const clock = clockOffsetMs === null ? "" : `, clock ${clockOffsetMs >= 0 ? "+" : ""}${clockOffsetMs} ms`;
  return `last heard of ${instant(lastSeenAt)}${clock}`;
};

const list = async (context: CommandContext, { values }: Args): Promise<void> => {
  const keys = await withDatabase(context, (database) => database.read(readAgentKeys));
  const apiKeys = await readApiKeyList(context);
  if (values.json) {
    const agents = keys.map((key) => ({
      kind: "agent",
      kid: key.kid,
      location: key.locationId,
      createdAt: instant(key.createdAt),
      lastSeenAt: instant(key.lastSeenAt),
      revokedAt: instant(key.revokedAt),
      clockOffsetMs: key.clockOffsetMs,
    }));
    const rows = [...agents, ...apiKeys.map((key) => ({ kind: "api", ...key }))];
    context.stdout.write(`${JSON.stringify(rows)}\n`);
    return;
  }
  for (const key of apiKeys) context.stdout.write(apiKeyLine(key));
  if (keys.length === 0) context.stdout.write("No agent has a key: every location is run by this installation.\n");
  for (const key of keys) context.stdout.write(`${key.kid}  ${key.locationId}  ${stateOf(key)}\n`);
};

const create = (context: CommandContext, { values }: Args): Promise<void> => {
  const { name, scope, expires, test = false, json } = values;
  return createApiKey(context, { name, scope, expires, test, json });
};

const rotate = (context: CommandContext, { id, values }: Args): Promise<void> => {
  const { grace, expires, json } = values;
  return rotateApiKey(context, { id, grace, expires, json });
};

const RUNS: Readonly<Record<keyof typeof ACTIONS, (context: CommandContext, args: Args) => Promise<void>>> = {
  "add-agent": addAgent,
  create,
  rotate,
  list,
  revoke,
};

export const command: Command = {
  summary: "create, list, rotate and revoke keys of the API and of agents",
  usage: `Usage: nines key create --name TEXT --scope RESOURCE:read|write [--scope ...] [--expires 90d] [--test]
       nines key rotate KEY [--grace 30d] [--expires 90d]
       nines key add-agent --location ID --jwk JSON|@FILE
       nines key list
       nines key revoke KEY

The token of an API key is printed once, to standard output; only its hash is kept. A rotated key goes on for its grace.
--test makes a key that opens the demonstration only (nk_test_…), and works only there; all others are live (nk_live_…).
A location with a key is run by its agent, all others by this installation. --json prints for machines.
The service must run, or DATABASE_URL must be set.`,
  run: async (context) => {
    const args = readArgs(context.args);
    await RUNS[args.action](context, args);
    return 0;
  },
};
