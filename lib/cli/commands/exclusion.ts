import { randomBytes } from "node:crypto";
import type { Command, CommandContext } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { readAuthor } from "#lib/cli/read-author.ts";
import { readInstant } from "#lib/cli/read-instant.ts";
import { readSubcommand } from "#lib/cli/read-subcommand.ts";
import { showRow, showRows } from "#lib/cli/show-rows.ts";
import { readWord, requiredOption, usageError } from "#lib/cli/usage-error.ts";
import type { ExclusionToAdd } from "#lib/commands/exclusions/add-exclusion.ts";
import { addExclusion } from "#lib/commands/exclusions/add-exclusion.ts";
import { approveExclusion, revokeExclusion } from "#lib/commands/exclusions/settle-exclusion.ts";
import type { ExclusionResource } from "#lib/contracts/exclusions.ts";
import { ExclusionKind } from "#lib/contracts/exclusions.ts";
import { listExclusions } from "#lib/read/exclusions.ts";
import { systemClock } from "#lib/runtime/clock.ts";

const OPTIONS = {
  slo: { type: "string" },
  service: { type: "string" },
  probe: { type: "string" },
  kind: { type: "string" },
  from: { type: "string" },
  to: { type: "string" },
  reason: { type: "string" },
  author: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

const ACTIONS = {
  add: { options: ["slo", "service", "probe", "kind", "from", "to", "reason", "author"], takesId: false },
  approve: { options: ["author"], takesId: true },
  revoke: { options: ["author"], takesId: true },
  list: { options: ["slo", "service", "probe"], takesId: false },
} as const;

const ACTOR = "cli";
const MOST_LISTED = 100;

type Args = ReturnType<typeof readArgs>;
const readArgs = (args: readonly string[]) => readSubcommand("exclusion", args, { options: OPTIONS, actions: ACTIONS });

const scopeOf = ({ slo, service, probe }: Args["values"]): ExclusionToAdd["scope"] => {
  if ([slo, service, probe].filter((one) => one !== undefined).length !== 1)
    throw usageError("give exactly one of --slo, --service and --probe");
  if (slo !== undefined) return { sloId: slo };
  return service === undefined ? { probeId: probe ?? "" } : { serviceId: service };
};

const kindOf = (text: string | undefined): ExclusionToAdd["kind"] =>
  text === undefined ? undefined : readWord(text, ExclusionKind.options, "kind");

const add = (context: CommandContext, { values }: Args): Promise<ExclusionResource> => {
  const now = systemClock.now();
  const startsAt = readInstant(requiredOption(values.from, "--from"), now);
  const exclusion = {
    scope: scopeOf(values),
    kind: kindOf(values.kind),
    startsAt,
    endsAt: readInstant(requiredOption(values.to, "--to"), startsAt),
    reason: requiredOption(values.reason, '--reason "TEXT"'),
    author: readAuthor(context, values.author),
  };
  return withDatabase(context, (database) =>
    database.transaction((tx) => addExclusion(tx, { ...exclusion, actor: ACTOR, now, randomBytes })),
  );
};

const settle = (context: CommandContext, { action, id, values }: Args): Promise<ExclusionResource> => {
  const by = readAuthor(context, values.author);
  const change = action === "approve" ? approveExclusion : revokeExclusion;
  return withDatabase(context, (database) =>
    database.transaction((tx) => change(tx, { id, by, actor: ACTOR, now: systemClock.now() })),
  );
};

const list = (context: CommandContext, { slo, service, probe }: Args["values"]): Promise<ExclusionResource[]> =>
  withDatabase(context, async (database) => {
    const query = { limit: MOST_LISTED, sloId: slo, serviceId: service, probeId: probe };
    return (await listExclusions(database, query)).data;
  });

const line = (one: ExclusionResource): string =>
  `${one.id}  ${one.state}  ${one.kind}  ${one.sloId ?? one.serviceId ?? one.probeId}  ${one.startsAt} to ${one.endsAt}  ${one.author}: ${one.reason}\n`;

export const command: Command = {
  summary: "leave a time out of what counts, with author and reason",
  usage: `Usage: nines exclusion add (--slo ID | --service ID | --probe ID) --from T --to T --reason "TEXT"
                           [--kind announced|emergency|retroactive|false_positive|probe_fault] [--author NAME]
       nines exclusion approve ID [--author NAME]
       nines exclusion revoke ID [--author NAME]
       nines exclusion list [--slo ID] [--service ID] [--probe ID]

--from and --to are instants (2026-11-03T14:00:00Z) or lengths of time: --from 1h begins in an hour, --to 2h lasts two.
Without --kind it is announced when it is to come, retroactive when it has begun. A retroactive one counts once a second
person approves it. The author is the user of the system unless --author names one. --json prints for machines.
The service must run, or DATABASE_URL must be set.`,
  run: async (context) => {
    const args = readArgs(context.args);
    const { json } = args.values;
    if (args.action === "list") {
      showRows(context, await list(context, args.values), { json, line, none: "There are no exclusions." });
      return 0;
    }
    const one = args.action === "add" ? await add(context, args) : await settle(context, args);
    showRow(context, one, { json, line });
    return 0;
  },
};
