import { randomBytes } from "node:crypto";
import type { Tx } from "#db/database.ts";
import type { Command, CommandContext } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { readInstant } from "#lib/cli/read-instant.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { mergeIncident } from "#lib/commands/incidents/merge-incident.ts";
import { openIncidentIn } from "#lib/commands/incidents/open-incident.ts";
import { discardIncident, publishIncident } from "#lib/commands/incidents/publish-incident.ts";
import { reopenIncident, resolveIncidentIn } from "#lib/commands/incidents/resolve-incident.ts";
import { OPEN_STATUSES, updateIncidentIn } from "#lib/commands/incidents/update-incident.ts";
import { createSuggester, didYouMean } from "#lib/config/suggest.ts";
import type { IncidentResource } from "#lib/contracts/incidents.ts";
import { IncidentImpact } from "#lib/contracts/snapshot-incidents.ts";
import { parseDuration } from "#lib/core/duration.ts";
import { AppError, errorCodeOf } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs } from "#lib/core/units.ts";
import { listIncidents } from "#lib/read/incidents.ts";
import { getPostmortemDraft } from "#lib/read/postmortem.ts";
import { systemClock } from "#lib/runtime/clock.ts";

const OPTIONS = {
  service: { type: "string", multiple: true },
  impact: { type: "string" },
  status: { type: "string" },
  message: { type: "string" },
  name: { type: "string" },
  started: { type: "string" },
  at: { type: "string" },
  "publish-at": { type: "string" },
  into: { type: "string" },
  draft: { type: "boolean" },
  silent: { type: "boolean" },
  json: { type: "boolean", default: false },
} as const;
type OptionName = keyof typeof OPTIONS;

/** The options of each action; the bare word that it takes is the id. */
const ACTIONS = {
  open: {
    options: ["service", "impact", "message", "name", "status", "started", "publish-at", "draft", "silent"],
    takesId: false,
  },
  update: { options: ["status", "impact", "message", "service", "at", "publish-at", "silent"], takesId: true },
  resolve: { options: ["message", "at", "silent"], takesId: true },
  list: { options: [], takesId: false },
  publish: { options: [], takesId: true },
  discard: { options: [], takesId: true },
  reopen: { options: ["message", "status", "silent"], takesId: true },
  merge: { options: ["into"], takesId: true },
  postmortem: { options: ["message", "silent"], takesId: true },
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

type Args = ReturnType<typeof readArgs>;
type Values = Args["values"];

/** `--service ID` or `--service ID=impact`. */
const readServiceImpacts = (texts: readonly string[]) =>
  Object.fromEntries(
    texts.map((text) => {
      const [id = "", impact] = text.split("=", 2);
      return [id, impact === undefined ? null : readWord(impact, IncidentImpact.options, "the impact")] as const;
    }),
  );

const author = () => ({ actor: "cli", now: systemClock.now(), randomBytes });

/** Back-dated: an instant, or how long ago. */
const readPast = (text: string | undefined, now: EpochMs): EpochMs | undefined => {
  if (text === undefined) return undefined;
  const length = parseDuration(text);
  return length === null ? readInstant(text, now) : addMs(now, -length);
};

const open = (tx: Tx, values: Values): Promise<IncidentResource> => {
  const by = author();
  const message = required(values.message, '--message "TEXT"');
  const affected = readServiceImpacts(values.service ?? []);
  const impact = values.impact === undefined ? null : readWord(values.impact, IncidentImpact.options, "the impact");
  const publishAt = values["publish-at"];
  return openIncidentIn(tx, {
    ...{ ...by, affected, impact, message, name: values.name ?? null },
    status: values.status === undefined ? undefined : readWord(values.status, OPEN_STATUSES, "the status"),
    startedAt: readPast(values.started, by.now),
    publishAt: publishAt === undefined ? undefined : readInstant(publishAt, by.now),
    ...{ isDraft: values.draft === true, notify: values.silent !== true },
  });
};

const assertOpen = (values: Values): void => {
  required(values.message, '--message "TEXT"');
  const services = Object.values(readServiceImpacts(values.service ?? []));
  const isSaid = services.length > 0 && services.every((impact) => impact !== null);
  if (values.impact === undefined && !isSaid)
    throw usageError(`--impact is required: ${IncidentImpact.options.join(", ")}`);
  if (services.length === 0) throw usageError("--service is required; repeat it for several services");
};

const update = (tx: Tx, id: string, values: Values): Promise<IncidentResource> => {
  const by = author();
  const publishAt = values["publish-at"];
  return updateIncidentIn(tx, {
    ...{ ...by, id, message: required(values.message, '--message "TEXT"') },
    status: values.status === undefined ? null : readWord(values.status, OPEN_STATUSES, "the status"),
    impact: values.impact === undefined ? null : readWord(values.impact, IncidentImpact.options, "the impact"),
    affected: readServiceImpacts(values.service ?? []),
    displayAt: readPast(values.at, by.now),
    publishAt: publishAt === undefined ? undefined : readInstant(publishAt, by.now),
    notify: values.silent !== true,
  });
};

/** Checks what it can before the database is asked for, then answers with what to do there. */
const planChange = ({ action, id, values }: Args): ((tx: Tx) => Promise<IncidentResource>) => {
  const message = (): string => required(values.message, '--message "TEXT"');
  const notify = values.silent !== true;
  if (values.impact !== undefined) readWord(values.impact, IncidentImpact.options, "the impact");
  switch (action) {
    case "open":
      assertOpen(values);
      return (tx) => open(tx, values);
    case "update":
      message();
      if (values.status === "resolved") throw usageError(`use "incident resolve ${id}" to close an incident`);
      if (values.status !== undefined) readWord(values.status, OPEN_STATUSES, "the status");
      return (tx) => update(tx, id, values);
    case "reopen": {
      const status = readWord(values.status ?? "investigating", OPEN_STATUSES, "the status");
      const text = message();
      return (tx) => reopenIncident(tx, { ...author(), id, message: text, status, notify });
    }
    case "merge": {
      const into = required(values.into, "--into ID");
      return (tx) => mergeIncident(tx, { ...author(), id, into });
    }
    case "publish":
      return (tx) => publishIncident(tx, { ...author(), id });
    case "discard":
      return (tx) => discardIncident(tx, { ...author(), id });
    case "postmortem": {
      const text = message();
      return (tx) =>
        updateIncidentIn(tx, { ...author(), id, status: "postmortem", impact: null, message: text, notify });
    }
    default: {
      const text = message();
      const by = author();
      const displayAt = readPast(values.at, by.now);
      return (tx) => resolveIncidentIn(tx, { ...by, id, message: text, displayAt, notify });
    }
  }
};

const change = (context: CommandContext, args: Args): Promise<IncidentResource> => {
  const work = planChange(args);
  return withDatabase(context, (database) => database.transaction(work));
};

/** A text to begin with. */
const showPostmortem = async (context: CommandContext, { id, values }: Args): Promise<void> => {
  const draft = await withDatabase(context, (database) => getPostmortemDraft(database, id, systemClock.now()));
  context.stdout.write(values.json ? `${JSON.stringify(draft)}\n` : `${draft.text}\n`);
};

const line = (incident: IncidentResource): string =>
  `${incident.id}  ${incident.status}  ${incident.impact}  ${incident.startedAt}  ${incident.serviceIds.join(",")}  ${incident.name}${incident.publication === "published" ? "" : ` (${incident.publication})`}\n`;

export const command: Command = {
  summary: "open, update, resolve and list incidents on the public page",
  usage: `Usage: nines incident open --service ID[=IMPACT] [--service ...] --impact none|minor|major|critical --message "TEXT"
                           [--name "TEXT"] [--status ...] [--started T] [--draft] [--publish-at T] [--silent]
       nines incident update ID --message "TEXT" [--status investigating|identified|monitoring] [--impact ...]
                           [--service ID=IMPACT ...] [--at T] [--publish-at T] [--silent]
       nines incident resolve ID --message "TEXT" [--at T] [--silent]
       nines incident list
       nines incident publish ID | discard ID
       nines incident reopen ID --message "TEXT" [--status ...]
       nines incident merge ID --into ID
       nines incident postmortem ID [--message "TEXT"]

Messages are markdown. --started and --at back-date: an instant, or how long ago (20m). --publish-at plans: an instant,
or how long from now. --silent tells no subscribers. postmortem without a message prints a text to begin with: times,
transitions, what each error budget paid. list shows drafts too.
Changes are on the public page within a second and go out as events. --json prints the incident for machines.
The service must run, or DATABASE_URL must be set.`,
  run: async (context) => {
    const args = readArgs(context.args);
    const { json } = args.values;
    if (args.action === "list") {
      const { data } = await withDatabase(context, (database) => listIncidents(database, { limit: MOST_LISTED }));
      if (json) context.stdout.write(`${JSON.stringify(data)}\n`);
      else if (data.length === 0) context.stdout.write("There are no incidents.\n");
      else for (const resource of data) context.stdout.write(line(resource));
      return 0;
    }
    if (args.action === "postmortem" && args.values.message === undefined) {
      await showPostmortem(context, args);
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
