import { randomBytes } from "node:crypto";
import type { Tx } from "#db/database.ts";
import type { Command, CommandContext } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { readAuthor } from "#lib/cli/read-author.ts";
import { readInstant } from "#lib/cli/read-instant.ts";
import { readSubcommand } from "#lib/cli/read-subcommand.ts";
import { translationsOf } from "#lib/cli/read-translations.ts";
import { showRow, showRows } from "#lib/cli/show-rows.ts";
import { readWord, requiredOption, usageError } from "#lib/cli/usage-error.ts";
import { cancelMaintenance } from "#lib/commands/maintenances/cancel-maintenance.ts";
import {
  addMaintenanceUpdate,
  editMaintenance,
  rescheduleMaintenance,
} from "#lib/commands/maintenances/change-maintenance.ts";
import { scheduleMaintenance } from "#lib/commands/maintenances/schedule-maintenance.ts";
import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import { MaintenanceImpact } from "#lib/contracts/maintenances.ts";
import { parseDuration } from "#lib/core/duration.ts";
import type { DurationMs } from "#lib/core/units.ts";
import { MINUTE_MS } from "#lib/core/units.ts";
import { listMaintenances } from "#lib/read/maintenances.ts";
import { systemClock } from "#lib/runtime/clock.ts";

const OPTIONS = {
  title: { type: "string" },
  service: { type: "string", multiple: true },
  start: { type: "string" },
  for: { type: "string" },
  rrule: { type: "string" },
  zone: { type: "string" },
  announced: { type: "string" },
  message: { type: "string" },
  description: { type: "string" },
  impact: { type: "string" },
  translate: { type: "string", multiple: true },
  remind: { type: "string", multiple: true },
  status: { type: "string" },
  occurrence: { type: "string" },
  end: { type: "string" },
  reason: { type: "string" },
  author: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

const ACTIONS = {
  schedule: {
    options: [
      "title",
      "description",
      "translate",
      "impact",
      "remind",
      "service",
      "start",
      "for",
      "rrule",
      "zone",
      "announced",
      "author",
    ],
    takesId: false,
  },
  edit: { options: ["title", "description", "translate", "impact", "remind", "author"], takesId: true },
  update: { options: ["message", "translate", "status", "occurrence", "author"], takesId: true },
  move: { options: ["start", "end", "occurrence", "author"], takesId: true },
  cancel: { options: ["reason", "occurrence", "author"], takesId: true },
  list: { options: [], takesId: false },
} as const;

/** What may be translated, by its word here and in the API. */
const WORK_TEXTS = { title: "title", description: "body" } as const;
const ACTOR = "cli";
const MOST_LISTED = 100;

type Args = ReturnType<typeof readArgs>;
const readArgs = (args: readonly string[]) =>
  readSubcommand("maintenance", args, { options: OPTIONS, actions: ACTIONS });

const lengthOf = (text: string, option = "--for"): DurationMs => {
  const duration = parseDuration(text);
  if (duration === null) throw usageError(`${option} must be a length of time such as 2h, got "${text}"`);
  return duration;
};

const instantOrNot = (text: string | undefined) =>
  text === undefined ? undefined : readInstant(text, systemClock.now());
const impactOf = (text: string) => readWord(text, MaintenanceImpact.options, "impact");
const remindersOf = (texts: readonly string[]): number[] =>
  texts.map((text) => Math.max(1, Math.round(lengthOf(text, "--remind") / MINUTE_MS)));

/** One write in a transaction of its own. */
const write = (context: CommandContext, work: (tx: Tx) => Promise<MaintenanceResource>): Promise<MaintenanceResource> =>
  withDatabase(context, (database) => database.transaction(work));

const schedule = (context: CommandContext, { values }: Args): Promise<MaintenanceResource> => {
  const now = systemClock.now();
  const maintenance = {
    title: requiredOption(values.title, '--title "TEXT"').trim(),
    body: values.description ?? "",
    translations: translationsOf(values.translate, WORK_TEXTS),
    impact: impactOf(values.impact ?? "none"),
    reminders: remindersOf(values.remind ?? []),
    serviceIds: values.service ?? [],
    startsAt: readInstant(requiredOption(values.start, "--start"), now),
    durationMs: lengthOf(requiredOption(values.for, "--for")),
    rrule: values.rrule ?? null,
    timeZone: values.zone,
    announcedAt: values.announced === undefined ? now : readInstant(values.announced, now),
    author: readAuthor(context, values.author),
  } as const;
  if (maintenance.serviceIds.length === 0) throw usageError("--service is required");
  return write(context, (tx) => scheduleMaintenance(tx, { ...maintenance, actor: ACTOR, now, randomBytes }));
};

const whoOf = (context: CommandContext, { id, values }: Args) => ({
  id,
  by: readAuthor(context, values.author),
  actor: ACTOR,
  now: systemClock.now(),
  plannedFor: instantOrNot(values.occurrence),
});

const edit = (context: CommandContext, args: Args): Promise<MaintenanceResource> => {
  const { title, description, impact, remind, translate } = args.values;
  const { plannedFor: _, ...who } = whoOf(context, args);
  const given = {
    ...(title === undefined ? {} : { title: title.trim() }),
    ...(description === undefined ? {} : { body: description }),
    ...(impact === undefined ? {} : { impact: impactOf(impact) }),
    ...(remind === undefined ? {} : { reminders: remindersOf(remind) }),
    ...(translate === undefined ? {} : { translations: translationsOf(translate, WORK_TEXTS) }),
  };
  return write(context, (tx) => editMaintenance(tx, { ...given, ...who }));
};

const STATUSES = ["scheduled", "in_progress", "verifying", "completed"] as const;

const update = (context: CommandContext, args: Args): Promise<MaintenanceResource> => {
  const { message, status: text, translate } = args.values;
  const translations = translationsOf(translate, { message: "message" });
  const said = requiredOption(message, '--message "TEXT"').trim();
  const status = text === undefined ? undefined : readWord(text, STATUSES, "status");
  const who = whoOf(context, args);
  return write(context, (tx) => addMaintenanceUpdate(tx, { ...who, message: said, status, translations, randomBytes }));
};

const move = (context: CommandContext, args: Args): Promise<MaintenanceResource> => {
  const startsAt = instantOrNot(args.values.start);
  const endsAt = instantOrNot(args.values.end);
  if (startsAt === undefined && endsAt === undefined) throw usageError("--start or --end is required");
  const who = whoOf(context, args);
  return write(context, (tx) => rescheduleMaintenance(tx, { ...who, startsAt, endsAt }));
};

const cancel = (context: CommandContext, args: Args): Promise<MaintenanceResource> => {
  const who = whoOf(context, args);
  return write(context, (tx) => cancelMaintenance(tx, { ...who, reason: args.values.reason ?? null }));
};

const WRITES = { schedule, edit, update, move, cancel } as const;

const line = (one: MaintenanceResource): string =>
  `${one.id}  ${one.state}  ${one.startsAt} for ${one.duration}${one.rrule === null ? "" : `  ${one.rrule} ${one.timeZone}`}  ${one.serviceIds.join(" ")}  ${one.title}\n`;

export const command: Command = {
  summary: "schedule, cancel and list planned work; its time is excluded from budgets",
  usage: `Usage: nines maintenance schedule --title "TEXT" --service ID --start T --for 2h [--rrule RULE] [--zone ZONE]
                                  [--description "TEXT"] [--impact none|minor|major|critical] [--remind 1h]
                                  [--announced T] [--translate ko.title="TEXT"] [--author NAME]
       nines maintenance edit ID [--title "TEXT"] [--description "TEXT"] [--impact I] [--remind 1h]
                                  [--translate ko.title="TEXT"]
       nines maintenance update ID --message "TEXT" [--translate ko.message="TEXT"] [--status in_progress|verifying|completed] [--occurrence T]
       nines maintenance move ID [--start T] [--end T] [--occurrence T]
       nines maintenance cancel ID [--reason "TEXT"] [--occurrence T]
       nines maintenance list

--start is an instant (2026-11-08T02:00:00Z) or a length of time from now. --rrule is a rule of RFC 5545 such as
"FREQ=WEEKLY;BYDAY=SU", worked out on the wall clock of --zone (the page's without it). Work that is told of after its
start is an emergency. --service, --remind and --translate may be repeated; --translate takes ko.title, ko.description
and ko.message, with en or ru in place of ko. --occurrence is when one occurrence of a rule was first
meant to begin; without it update and move take what is under way, else what comes next, and cancel takes all that have
not begun. update --status completed ends work early, move --end 1h extends it. --json prints for machines. The service
must run, or DATABASE_URL must be set.`,
  run: async (context) => {
    const args = readArgs(context.args);
    const { json } = args.values;
    if (args.action === "list") {
      const { data } = await withDatabase(context, (database) =>
        listMaintenances(database, { limit: MOST_LISTED }, systemClock.now()),
      );
      showRows(context, data, { json, line, none: "There are no maintenances." });
      return 0;
    }
    const one = await WRITES[args.action](context, args);
    showRow(context, one, { json, line });
    return 0;
  },
};
