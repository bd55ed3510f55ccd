import { randomBytes } from "node:crypto";
import type { Command, CommandContext } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { readInstant } from "#lib/cli/read-instant.ts";
import { readSubcommand } from "#lib/cli/read-subcommand.ts";
import { showRow, showRows } from "#lib/cli/show-rows.ts";
import { readWord, requiredOption } from "#lib/cli/usage-error.ts";
import { createSilence, expireSilence } from "#lib/commands/silences/silence-alerts.ts";
import { AlertSeverity } from "#lib/contracts/alerts.ts";
import type { SilenceResource } from "#lib/contracts/silences.ts";
import { listSilences } from "#lib/read/silences.ts";
import { systemClock } from "#lib/runtime/clock.ts";

const OPTIONS = {
  service: { type: "string", multiple: true },
  slo: { type: "string", multiple: true },
  pair: { type: "string", multiple: true },
  severity: { type: "string", multiple: true },
  for: { type: "string" },
  start: { type: "string" },
  comment: { type: "string" },
  author: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

const ACTIONS = {
  create: { options: ["service", "slo", "pair", "severity", "for", "start", "comment", "author"], takesId: false },
  expire: { options: [], takesId: true },
  list: { options: [], takesId: false },
} as const;

const ACTOR = "cli";
const MOST_LISTED = 100;

type Args = ReturnType<typeof readArgs>;
const readArgs = (args: readonly string[]) => readSubcommand("silence", args, { options: OPTIONS, actions: ACTIONS });

const readSeverity = (text: string) => readWord(text, AlertSeverity.options, "severity");

const create = (context: CommandContext, { values }: Args): Promise<SilenceResource> => {
  const now = systemClock.now();
  const startsAt = values.start === undefined ? now : readInstant(values.start, now);
  const silence = {
    serviceIds: values.service ?? [],
    sloIds: values.slo ?? [],
    pairs: values.pair ?? [],
    severities: (values.severity ?? []).map(readSeverity),
    startsAt,
    endsAt: readInstant(requiredOption(values.for, "--for"), startsAt),
    author: values.author ?? ACTOR,
    comment: requiredOption(values.comment, '--comment "TEXT"'),
  };
  return withDatabase(context, (database) =>
    database.transaction((tx) => createSilence(tx, { ...silence, actor: ACTOR, now, randomBytes })),
  );
};

const wordsOf = ({ matchers }: SilenceResource): string =>
  [...matchers.serviceIds, ...matchers.sloIds, ...matchers.pairs, ...matchers.severities].join(" ");

const line = (silence: SilenceResource): string =>
  `${silence.id}  ${silence.state}  ${silence.startsAt} to ${silence.expiredAt ?? silence.endsAt}  ${wordsOf(silence)}  ${silence.author}: ${silence.comment}\n`;

const list = (context: CommandContext): Promise<SilenceResource[]> =>
  withDatabase(context, async (database) => {
    const { data } = await listSilences(database, { limit: MOST_LISTED }, systemClock.now());
    return data;
  });

export const command: Command = {
  summary: "silence alerts for a time: they are recorded, but nobody is told",
  usage: `Usage: nines silence create --for 2h --comment "TEXT" [--service ID] [--slo ID] [--pair PAIR] [--severity page|ticket]
                            [--start 30m] [--author NAME]
       nines silence expire ID
       nines silence list

An alert is silenced when every kind of matcher that is given takes it; each may be repeated. --for and --start are
lengths of time or instants. What still fires when a silence ends is told of then. --json prints for machines.
The service must run, or DATABASE_URL must be set.`,
  run: async (context) => {
    const args = readArgs(context.args);
    const { json } = args.values;
    if (args.action === "list") {
      showRows(context, await list(context), { json, line, none: "There are no silences." });
      return 0;
    }
    const silence =
      args.action === "create"
        ? await create(context, args)
        : await withDatabase(context, (database) =>
            database.transaction((tx) => expireSilence(tx, { id: args.id, actor: ACTOR, now: systemClock.now() })),
          );
    showRow(context, silence, { json, line });
    return 0;
  },
};
