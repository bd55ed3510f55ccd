import { randomBytes } from "node:crypto";
import type { Tx } from "#db/database.ts";
import type { Command, CommandContext } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { readInstant, readPast } from "#lib/cli/read-instant.ts";
import { readSubcommand } from "#lib/cli/read-subcommand.ts";
import { showRow, showRows } from "#lib/cli/show-rows.ts";
import { readWord, requiredOption, usageError } from "#lib/cli/usage-error.ts";
import { mergeIncident } from "#lib/commands/incidents/merge-incident.ts";
import { openIncidentIn } from "#lib/commands/incidents/open-incident.ts";
import { discardIncident, publishIncident } from "#lib/commands/incidents/publish-incident.ts";
import { reopenIncident, resolveIncidentIn } from "#lib/commands/incidents/resolve-incident.ts";
import { OPEN_STATUSES, updateIncidentIn } from "#lib/commands/incidents/update-incident.ts";
import type { IncidentResource } from "#lib/contracts/incidents.ts";
import { IncidentImpact } from "#lib/contracts/snapshot-incidents.ts";
import { AppError, errorCodeOf } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
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
} as const;

const MOST_LISTED = 50;

const readArgs = (args: readonly string[]) => readSubcommand("incident", args, { options: OPTIONS, actions: ACTIONS });

type Args = ReturnType<typeof readArgs>;
type Values = Args["values"];

/** `--service ID` or `--service ID=impact`. */
const readServiceImpacts = (texts: readonly string[]) =>
  Object.fromEntries(
    texts.map((text) => {
      const [id = "", impact] = text.split("=", 2);
      return [id, impact === undefined ? null : readWord(impact, IncidentImpact.options, "impact")] as const;
    }),
  );

const author = () => ({ actor: "cli", now: systemClock.now(), randomBytes });

const pastOrNot = (text: string | undefined, now: EpochMs): EpochMs | undefined =>
  text === undefined ? undefined : readPast(text, now);

const open = (tx: Tx, values: Values): Promise<IncidentResource> => {
  const by = author();
  const message = requiredOption(values.message, '--message "TEXT"');
  const affected = readServiceImpacts(values.service ?? []);
  const impact = values.impact === undefined ? null : readWord(values.impact, IncidentImpact.options, "impact");
  const publishAt = values["publish-at"];
  return openIncidentIn(tx, {
    ...{ ...by, affected, impact, message, name: values.name ?? null },
    status: values.status === undefined ? undefined : readWord(values.status, OPEN_STATUSES, "status"),
    startedAt: pastOrNot(values.started, by.now),
    publishAt: publishAt === undefined ? undefined : readInstant(publishAt, by.now),
    ...{ isDraft: values.draft === true, notify: values.silent !== true },
  });
};

const assertOpen = (values: Values): void => {
  requiredOption(values.message, '--message "TEXT"');
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
    ...{ ...by, id, message: requiredOption(values.message, '--message "TEXT"') },
    status: values.status === undefined ? null : readWord(values.status, OPEN_STATUSES, "status"),
    impact: values.impact === undefined ? null : readWord(values.impact, IncidentImpact.options, "impact"),
    affected: readServiceImpacts(values.service ?? []),
    displayAt: pastOrNot(values.at, by.now),
    publishAt: publishAt === undefined ? undefined : readInstant(publishAt, by.now),
    notify: values.silent !== true,
  });
};

/** Checks what it can before the database is asked for, then answers with what to do there. */
const planChange = ({ action, id, values }: Args): ((tx: Tx) => Promise<IncidentResource>) => {
  const message = (): string => requiredOption(values.message, '--message "TEXT"');
  const notify = values.silent !== true;
  if (values.impact !== undefined) readWord(values.impact, IncidentImpact.options, "impact");
  switch (action) {
    case "open":
      assertOpen(values);
      return (tx) => open(tx, values);
    case "update":
      message();
      if (values.status === "resolved") throw usageError(`use "incident resolve ${id}" to close an incident`);
      if (values.status !== undefined) readWord(values.status, OPEN_STATUSES, "status");
      return (tx) => update(tx, id, values);
    case "reopen": {
      const status = readWord(values.status ?? "investigating", OPEN_STATUSES, "status");
      const text = message();
      return (tx) => reopenIncident(tx, { ...author(), id, message: text, status, notify });
    }
    case "merge": {
      const into = requiredOption(values.into, "--into ID");
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
      const displayAt = pastOrNot(values.at, by.now);
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
      showRows(context, data, { json, line, none: "There are no incidents." });
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
    showRow(context, incident, { json, line });
    return 0;
  },
};
