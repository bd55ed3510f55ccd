import { randomBytes } from "node:crypto";
import type { Command, CommandContext } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { readAuthor } from "#lib/cli/read-author.ts";
import { readInstant } from "#lib/cli/read-instant.ts";
import { readSubcommand, requiredOption } from "#lib/cli/read-subcommand.ts";
import { cancelMaintenance, scheduleMaintenance } from "#lib/commands/maintenances/schedule-maintenance.ts";
import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import { parseDuration } from "#lib/core/duration.ts";
import { AppError } from "#lib/core/errors.ts";
import type { DurationMs } from "#lib/core/units.ts";
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
  reason: { type: "string" },
  author: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

const ACTIONS = {
  schedule: { options: ["title", "service", "start", "for", "rrule", "zone", "announced", "author"], takesId: false },
  cancel: { options: ["reason", "author"], takesId: true },
  list: { options: [], takesId: false },
} as const;

const ACTOR = "cli";
const MOST_LISTED = 100;

type Args = ReturnType<typeof readArgs>;
const readArgs = (args: readonly string[]) =>
  readSubcommand("maintenance", args, { options: OPTIONS, actions: ACTIONS });

const lengthOf = (text: string): DurationMs => {
  const duration = parseDuration(text);
  if (duration === null) throw new AppError("USAGE", `--for must be a length of time such as 2h, got "${text}"`);
  return duration;
};

const schedule = (context: CommandContext, { values }: Args): Promise<MaintenanceResource> => {
  const now = systemClock.now();
  const maintenance = {
    title: requiredOption(values.title, '--title "TEXT"').trim(),
    body: "",
    impact: "none",
    reminders: [],
    serviceIds: values.service ?? [],
    startsAt: readInstant(requiredOption(values.start, "--start"), now),
    durationMs: lengthOf(requiredOption(values.for, "--for")),
    rrule: values.rrule ?? null,
    timeZone: values.zone,
    announcedAt: values.announced === undefined ? now : readInstant(values.announced, now),
    author: readAuthor(context, values.author),
  } as const;
  if (maintenance.serviceIds.length === 0) throw new AppError("USAGE", "--service is required");
  return withDatabase(context, (database) =>
    database.transaction((tx) => scheduleMaintenance(tx, { ...maintenance, actor: ACTOR, now, randomBytes })),
  );
};

const cancel = (context: CommandContext, { id, values }: Args): Promise<MaintenanceResource> => {
  const by = readAuthor(context, values.author);
  const reason = values.reason ?? null;
  return withDatabase(context, (database) =>
    database.transaction((tx) => cancelMaintenance(tx, { id, reason, by, actor: ACTOR, now: systemClock.now() })),
  );
};

const line = (one: MaintenanceResource): string =>
  `${one.id}  ${one.state}  ${one.startsAt} for ${one.duration}${one.rrule === null ? "" : `  ${one.rrule} ${one.timeZone}`}  ${one.serviceIds.join(" ")}  ${one.title}\n`;

export const command: Command = {
  summary: "schedule, cancel and list planned work; its time is excluded from budgets",
  usage: `Usage: nines maintenance schedule --title "TEXT" --service ID --start T --for 2h [--rrule RULE] [--zone ZONE]
                                  [--announced T] [--author NAME]
       nines maintenance cancel ID [--reason "TEXT"] [--author NAME]
       nines maintenance list

--start is an instant (2026-11-08T02:00:00Z) or a length of time from now. --rrule is a rule of RFC 5545 such as
"FREQ=WEEKLY;BYDAY=SU", worked out on the wall clock of --zone (the page's without it). Work that is told of after its
start is an emergency. --service may be repeated. --json prints for machines. The service must run, or DATABASE_URL must
be set.`,
  run: async (context) => {
    const args = readArgs(context.args);
    const { json } = args.values;
    if (args.action === "list") {
      const { data } = await withDatabase(context, (database) =>
        listMaintenances(database, { limit: MOST_LISTED }, systemClock.now()),
      );
      if (json) context.stdout.write(`${JSON.stringify(data)}\n`);
      else if (data.length === 0) context.stdout.write("There are no maintenances.\n");
      else for (const one of data) context.stdout.write(line(one));
      return 0;
    }
    const one = args.action === "schedule" ? await schedule(context, args) : await cancel(context, args);
    context.stdout.write(json ? `${JSON.stringify(one)}\n` : line(one));
    return 0;
  },
};
