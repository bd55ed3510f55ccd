import { randomBytes } from "node:crypto";
import type { Database, Tx } from "#db/database.ts";
import { readConfigDocument } from "#db/queries/config.ts";
import type { Command, CommandContext } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { openSecrets } from "#lib/cli/open-secrets.ts";
import { readPast } from "#lib/cli/read-instant.ts";
import { readSubcommand } from "#lib/cli/read-subcommand.ts";
import { readWord, requiredOption, usageError } from "#lib/cli/usage-error.ts";
import type { EndpointWorld } from "#lib/commands/endpoints/change-endpoint.ts";
import { createEndpoint, removeEndpoint } from "#lib/commands/endpoints/change-endpoint.ts";
import { shownEndpoint } from "#lib/commands/endpoints/endpoint-facts.ts";
import { replayEndpoint } from "#lib/commands/endpoints/replay.ts";
import {
  disableEndpoint,
  enableEndpoint,
  rotateEndpointSecret,
  testEndpoint,
} from "#lib/commands/endpoints/run-endpoint.ts";
import { AlertSeverity } from "#lib/contracts/alerts.ts";
import { DELIVERY_STATES } from "#lib/contracts/deliveries.ts";
import type { EndpointResource } from "#lib/contracts/endpoints.ts";
import { isEventType } from "#lib/contracts/events.ts";
import { parseDuration } from "#lib/core/duration.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { DAY_MS, HOUR_MS } from "#lib/core/units.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { listEndpoints } from "#lib/read/endpoints.ts";
import { systemClock } from "#lib/runtime/clock.ts";

const OPTIONS = {
  id: { type: "string" },
  url: { type: "string" },
  event: { type: "string", multiple: true },
  service: { type: "string", multiple: true },
  severity: { type: "string", multiple: true },
  description: { type: "string" },
  timeout: { type: "string" },
  grace: { type: "string" },
  from: { type: "string" },
  to: { type: "string" },
  state: { type: "string", multiple: true },
  reason: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

const ACTIONS = {
  list: { options: [], takesId: false },
  add: { options: ["id", "url", "event", "service", "severity", "description", "timeout"], takesId: false },
  test: { options: [], takesId: true },
  rotate: { options: ["grace"], takesId: true },
  replay: { options: ["from", "to", "state"], takesId: true },
  enable: { options: [], takesId: true },
  disable: { options: ["reason"], takesId: true },
  remove: { options: [], takesId: true },
} as const;

const MOST_LISTED = 1_000;

type Args = ReturnType<typeof readArgs>;
const readArgs = (args: readonly string[]) => readSubcommand("endpoint", args, { options: OPTIONS, actions: ACTIONS });

/** What a subcommand prints: for machines, and for people. A secret goes to standard output alone. */
type Told = { readonly value: unknown; readonly text: string; readonly note?: string };
type Action = (world: EndpointWorld, args: Args) => Promise<Told>;

const line = (endpoint: EndpointResource): string => {
  const { id, type, state, managedBy, address, health, disabledReason } = endpoint;
  const trouble = [
    ...(disabledReason === null ? [] : [disabledReason]),
    ...(health.failingSince === null ? [] : [`failing since ${health.failingSince}`]),
    ...(health.pending === 0 ? [] : [`${health.pending} waiting`]),
    ...(health.dead === 0 ? [] : [`${health.dead} dead`]),
    ...(endpoint.pendingAddress === null ? [] : [`proving ${endpoint.pendingAddress}`]),
  ];
  return `${id}  ${type}  ${state}  ${managedBy}  ${address ?? "-"}  ${endpoint.events.join(",")}${trouble.map((text) => `  ${text}`).join("")}\n`;
};

const readSeverity = (text: string) => readWord(text, AlertSeverity.options, "severity");

const readEvents = (texts: readonly string[] | undefined): string[] => {
  const events = (texts ?? ["*"]).flatMap((text) => text.split(","));
  const unknown = events.find((event) => event !== "*" && !isEventType(event));
  if (unknown !== undefined) throw usageError(`"${unknown}" is not a type of event; docs/webhooks.md lists them`);
  return events;
};

const add: Action = async (world, { values }) => {
  const { secret, ...made } = await createEndpoint(world, {
    id: values.id,
    url: requiredOption(values.url, "--url"),
    description: values.description ?? null,
    events: readEvents(values.event),
    filters: { serviceIds: values.service ?? [], severities: (values.severity ?? []).map(readSeverity) },
    headers: {},
    timeout: values.timeout ?? "5s",
    isOrdered: false,
    maxInFlight: 8,
    maxPerSecond: null,
  });
  return {
    value: { ...made, secret },
    text: `${secret}\n`,
    note: `${made.id} gets ${made.events.join(", ")}. The signing secret is shown this once.\n`,
  };
};

const rotate: Action = async (world, { id, values }) => {
  const ms = parseDuration(values.grace ?? "24h");
  if (ms === null || ms % HOUR_MS !== 0 || ms > 30 * DAY_MS) throw usageError("--grace must be whole hours up to 30d");
  const rotated = await rotateEndpointSecret(world, id, ms / HOUR_MS);
  const until = rotated.secrets.oldUntil;
  const note = until === null ? "The old secret signs no more." : `The old secret signs too until ${until}.`;
  return { value: rotated, text: `${rotated.secret}\n`, note: `${note} The new one is shown this once.\n` };
};

const replay: Action = async (world, { id, values }) => {
  const { now } = world;
  const ended = DELIVERY_STATES.filter((state) => state !== "pending");
  const states = (values.state ?? ["dead"])
    .flatMap((text) => text.split(","))
    .map((text) => readWord(text, ended, "state"));
  const from: EpochMs = readPast(values.from ?? "3d", now);
  const to: EpochMs = values.to === undefined ? now : readPast(values.to, now);
  const result = await replayEndpoint(world, { id, from, to, states });
  const more = result.hasMore ? " There are more: run it again." : "";
  return { value: result, text: `${result.replayed} events are sent again.${more}\n` };
};

const CHANGES: Readonly<Record<Exclude<keyof typeof ACTIONS, "list">, Action>> = {
  add,
  rotate,
  replay,
  test: async (world, { id }) => {
    const delivery = await testEndpoint(world, id);
    return { value: delivery, text: `${delivery.id} is on its way to ${id}.\n` };
  },
  enable: async (world, { id }) => {
    const endpoint = await enableEndpoint(world, id);
    return { value: endpoint, text: line(endpoint) };
  },
  disable: async (world, { id, values }) => {
    const endpoint = await disableEndpoint(world, id, values.reason);
    return { value: endpoint, text: line(endpoint) };
  },
  remove: async (world, { id }) => {
    await removeEndpoint(world, id);
    return { value: { id, removed: true }, text: `${id} is removed; what waited for it is canceled.\n` };
  },
};

const list = async (context: CommandContext, database: Database): Promise<Told> => {
  const { box } = await openSecrets(context, database);
  const { data } = await listEndpoints(database, { limit: MOST_LISTED }, (row) =>
    shownEndpoint(box, row, systemClock.now()),
  );
  return { value: data, text: data.length === 0 ? "There are no endpoints.\n" : data.map(line).join("") };
};

const change = async (context: CommandContext, database: Database, args: Args): Promise<Told> => {
  const { action } = args;
  if (action === "list") return list(context, database);
  const { box } = await openSecrets(context, database);
  if ((await database.read(readConfigDocument)) === null)
    throw new AppError("CONFLICT", "no configuration was applied yet; start the service first");
  const work = (tx: Tx): Promise<Told> =>
    CHANGES[action]({ tx, now: systemClock.now(), actor: "cli", randomBytes, secretBox: box, judgeUrl }, args);
  return database.transaction(work);
};

export const command: Command = {
  summary: "list, add, test, rotate, replay, enable, disable and remove webhook endpoints",
  usage: `Usage: nines endpoint list
       nines endpoint add --url URL [--id ID] [--event TYPE ...] [--service ID ...] [--severity page|ticket]
                          [--description TEXT] [--timeout 5s]
       nines endpoint test ID
       nines endpoint rotate ID [--grace 24h]
       nines endpoint replay ID [--from 2h] [--to INSTANT] [--state dead|delivered|canceled ...]
       nines endpoint enable ID
       nines endpoint disable ID [--reason TEXT]
       nines endpoint remove ID

A signing secret is printed once, to standard output. replay sends events again under their ids; without --from those of
the last three days that were given up. Endpoints of the configuration file are changed there; they can be tested, replayed,
enabled and disabled here. --json prints for machines. The service must run, or DATABASE_URL must be set.`,
  run: async (context) => {
    const args = readArgs(context.args);
    const { value, text, note } = await withDatabase(context, (database) => change(context, database, args));
    context.stdout.write(args.values.json ? `${JSON.stringify(value)}\n` : text);
    if (note !== undefined && !args.values.json) context.stderr.write(note);
    return 0;
  },
};
