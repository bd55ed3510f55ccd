import { randomBytes } from "node:crypto";
import { readAlertPage } from "#db/queries/alert-facts.ts";
import type { Command, CommandContext } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { readInstant } from "#lib/cli/read-instant.ts";
import { readSubcommand } from "#lib/cli/read-subcommand.ts";
import { showRow, showRows } from "#lib/cli/show-rows.ts";
import { acknowledgeAlert, unacknowledgeAlert } from "#lib/commands/alerts/acknowledge-alert.ts";
import { alertResource } from "#lib/contracts/alert-resource.ts";
import type { AlertResource } from "#lib/contracts/alerts.ts";
import { systemClock } from "#lib/runtime/clock.ts";

const OPTIONS = {
  note: { type: "string" },
  author: { type: "string" },
  for: { type: "string" },
  all: { type: "boolean" },
  json: { type: "boolean", default: false },
} as const;

const ACTIONS = {
  list: { options: ["all"], takesId: false },
  ack: { options: ["note", "author", "for"], takesId: true },
  unack: { options: [], takesId: true },
} as const;

const ACTOR = "cli";
const MOST_LISTED = 50;

type Args = ReturnType<typeof readArgs>;
const readArgs = (args: readonly string[]) => readSubcommand("alert", args, { options: OPTIONS, actions: ACTIONS });

const list = (context: CommandContext, all: boolean): Promise<AlertResource[]> =>
  withDatabase(context, async (database) => {
    const filter = { state: all ? null : "firing", severity: null, sloId: null, serviceId: null } as const;
    const place = { after: null, before: null };
    const found = await database.read((db) => readAlertPage(db, { filter, limit: MOST_LISTED, ...place }));
    return found.map((facts) => alertResource(facts, { isPublic: false }));
  });

const change = (context: CommandContext, { action, id, values }: Args): Promise<AlertResource> => {
  const now = systemClock.now();
  const expiresAt = values.for === undefined ? null : readInstant(values.for, now);
  const author = values.author ?? ACTOR;
  return withDatabase(context, (database) =>
    database.transaction((tx) =>
      action === "ack"
        ? acknowledgeAlert(tx, {
            alertId: id,
            author,
            note: values.note ?? null,
            expiresAt,
            actor: ACTOR,
            now,
            randomBytes,
          })
        : unacknowledgeAlert(tx, { alertId: id, actor: ACTOR, now }),
    ),
  );
};

/** Why nobody is told of it, and who looks after it. */
const marksOf = (alert: AlertResource): string => {
  const { acknowledgement } = alert;
  const marks = [
    ...(alert.hasData ? [] : ["no data"]),
    ...(alert.silencedBy.length > 0 ? ["silenced"] : []),
    ...(alert.inhibitedBy.length > 0 ? ["inhibited"] : []),
    ...(alert.mutedBy.length > 0 ? ["muted"] : []),
    ...(acknowledgement === null ? [] : [`acknowledged by ${acknowledgement.author ?? "somebody"}`]),
  ];
  return marks.length === 0 ? "" : ` (${marks.join(", ")})`;
};

const line = (alert: AlertResource): string =>
  `${alert.id}  ${alert.severity}  ${alert.state}${marksOf(alert)}  ${alert.firedAt}\n  ${alert.summary}\n`;

export const command: Command = {
  summary: "list alerts, and say who looks after one",
  usage: `Usage: nines alert list [--all]
       nines alert ack ID [--note "TEXT"] [--for 2h] [--author NAME]
       nines alert unack ID

An acknowledgement lasts until the alert ends, for the time that --for gives, or until it is taken back.
--json prints for machines. The service must run, or DATABASE_URL must be set.`,
  run: async (context) => {
    const args = readArgs(context.args);
    const { json, all = false } = args.values;
    if (args.action === "list") {
      const none = all ? "There were no alerts." : "Nothing fires.";
      showRows(context, await list(context, all), { json, line, none });
      return 0;
    }
    showRow(context, await change(context, args), { json, line });
    return 0;
  },
};
