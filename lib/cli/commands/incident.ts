import { randomBytes } from "node:crypto";
import { readIncidents } from "#db/queries/incidents.ts";
import type { Command, CommandContext } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { incidentResource } from "#lib/commands/incidents/incident-resource.ts";
import { openIncident } from "#lib/commands/incidents/open-incident.ts";
import { resolveIncident } from "#lib/commands/incidents/resolve-incident.ts";
import { OPEN_STATUSES, updateIncident } from "#lib/commands/incidents/update-incident.ts";
import { createSuggester, didYouMean } from "#lib/config/suggest.ts";
import type { IncidentResource } from "#lib/contracts/events.ts";
import { IncidentImpact } from "#lib/contracts/snapshot.ts";
import { AppError, errorCodeOf } from "#lib/core/errors.ts";
import { systemClock } from "#lib/runtime/clock.ts";

const OPTIONS = {
  service: { type: "string", multiple: true },
  impact: { type: "string" },
  status: { type: "string" },
  message: { type: "string" },
  name: { type: "string" },
  json: { type: "boolean", default: false },
} as const;
type OptionName = keyof typeof OPTIONS;

/** The options of each action; the bare word that it takes is the id. */
const ACTIONS = {
  open: { options: ["service", "impact", "message", "name"], takesId: false },
  update: { options: ["status", "impact", "message"], takesId: true },
  resolve: { options: ["message"], takesId: true },
  list: { options: [], takesId: false },
} as const satisfies Record<string, { options: readonly OptionName[]; takesId: boolean }>;
type Action = keyof typeof ACTIONS;

const MOST_LISTED = 50;
const usageError = (detail: string): AppError => new AppError("USAGE", detail);

/** One of the allowed words. @throws AppError USAGE, with the words and the nearest one. */
const readWord = <Word extends string>(text: string, words: readonly Word[], what: string): Word => {
  const word = words.find((one) => one === text);
  if (word !== undefined) return word;
  const hint = didYouMean(createSuggester(100)(text, words));
  throw usageError(`${what} "${text}" is none of ${words.join(", ")}${hint}`);
};

const parse = (args: readonly string[]) => readOptions(args, { options: OPTIONS, allowPositionals: true });

const readArgs = (args: readonly string[]) => {
  const { values, positionals } = parse(args);
  const [first, ...rest] = positionals;
  const names = Object.keys(ACTIONS) as Action[];
  if (first === undefined) throw usageError(`no subcommand was given; there are: ${names.join(", ")}`);
  const action = readWord(first, names, "the subcommand");
  const { options, takesId } = ACTIONS[action];
  const allowed: readonly string[] = [...options, "json"];
  const foreign = Object.keys(values).find((name) => !allowed.includes(name));
  if (foreign !== undefined) throw usageError(`--${foreign} is not an option of incident ${action}`);
  if (takesId && rest.length !== 1)
    throw usageError(`incident ${action} needs the id of one incident ("incident list" shows them)`);
  if (!takesId && rest.length > 0)
    throw usageError(`"${rest[0]}" is not expected; put texts of several words in quotes`);
  return { action, id: rest[0] ?? "", values };
};

/** @throws AppError USAGE when the option is missing. */
const required = (value: string | undefined, option: string): string => {
  if (value === undefined) throw usageError(`${option} is required`);
  return value;
};

const change = (
  context: CommandContext,
  { action, id, values }: ReturnType<typeof readArgs>,
): Promise<IncidentResource> => {
  const author = { actor: "cli", now: systemClock.now(), randomBytes };
  const message = required(values.message, '--message "TEXT"');
  const impact = values.impact === undefined ? null : readWord(values.impact, IncidentImpact.options, "the impact");
  if (action === "open") {
    if (impact === null) throw usageError(`--impact is required: ${IncidentImpact.options.join(", ")}`);
    const serviceIds = values.service ?? [];
    if (serviceIds.length === 0) throw usageError("--service is required; repeat it for several services");
    const name = values.name ?? null;
    return withDatabase(context, (database) =>
      openIncident(database, { ...author, serviceIds, impact, message, name }),
    );
  }
  if (action === "resolve")
    return withDatabase(context, (database) => resolveIncident(database, { ...author, id, message }));
  if (values.status === "resolved") throw usageError(`use "incident resolve ${id}" to close an incident`);
  const status = values.status === undefined ? null : readWord(values.status, OPEN_STATUSES, "the status");
  return withDatabase(context, (database) => updateIncident(database, { ...author, id, status, impact, message }));
};

const line = (incident: IncidentResource): string =>
  `${incident.id}  ${incident.status}  ${incident.impact}  ${incident.startedAt}  ${incident.serviceIds.join(",")}  ${incident.name}\n`;

export const command: Command = {
  summary: "open, update, resolve and list incidents on the public page",
  usage: `Usage: nines incident open --service ID [--service ID ...] --impact none|minor|major|critical --message "TEXT" [--name "TEXT"]
       nines incident update ID --message "TEXT" [--status investigating|identified|monitoring] [--impact ...]
       nines incident resolve ID --message "TEXT"
       nines incident list

Changes are on the public page within a second and go out as events. --json prints the incident for machines.
The service must run, or DATABASE_URL must be set.`,
  run: async (context) => {
    const args = readArgs(context.args);
    const { json } = args.values;
    if (args.action === "list") {
      const incidents = await withDatabase(context, (database) =>
        database.read((db) => readIncidents(db, MOST_LISTED)),
      );
      const resources = incidents.map(incidentResource);
      if (json) context.stdout.write(`${JSON.stringify(resources)}\n`);
      else if (resources.length === 0) context.stdout.write("There are no incidents.\n");
      else for (const resource of resources) context.stdout.write(line(resource));
      return 0;
    }
    const incident = await change(context, args).catch((error: unknown) => {
      if (errorCodeOf(error) !== "DATABASE_TIMEOUT") throw error;
      // A client that gave up is no rollback: the server may still commit what it was sent.
      const detail = `${(error as AppError).detail}. It may have been stored all the same: look with "incident list" before you try again`;
      throw new AppError("DATABASE_TIMEOUT", detail, { cause: error });
    });
    context.stdout.write(json ? `${JSON.stringify(incident)}\n` : line(incident));
    return 0;
  },
};
