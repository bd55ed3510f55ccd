import { readDigestOfDay, readRunDigests } from "#db/queries/run-digests.ts";
import type { Command, CommandContext, ExitCode } from "#lib/cli/command.ts";
import { sealDay } from "#lib/cli/export-runs/digests.ts";
import { dayOf, exportDay } from "#lib/cli/export-runs/export-day.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { usageError } from "#lib/cli/usage-error.ts";

const OPTIONS = {
  day: { type: "string" },
  probe: { type: "string" },
  seal: { type: "boolean", default: false },
  digests: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

const readArgs = (args: readonly string[]) => readOptions(args, { options: OPTIONS }).values;

const listDigests = async (context: CommandContext, isJson: boolean): Promise<ExitCode> => {
  const digests = await withDatabase(context, (database) => database.read(readRunDigests));
  if (isJson) context.stdout.write(`${JSON.stringify(digests)}\n`);
  else for (const one of digests) context.stdout.write(`${one.day} ${one.runs} ${one.sha256} ${one.chain}\n`);
  return 0;
};

const exportRuns = async (context: CommandContext, values: ReturnType<typeof readArgs>): Promise<ExitCode> => {
  const { stdout, stderr, signal } = context;
  const day = dayOf(values.day ?? "");
  const probeId = values.probe ?? null;
  if (probeId !== null && values.seal) throw usageError("a day is sealed as a whole: leave out --probe");
  return withDatabase(context, async (database) => {
    const exported = await exportDay(database, { day, probeId, out: values.json ? null : stdout, signal });
    if (values.seal) await sealDay(database, day, exported);
    const sealed = probeId === null ? await database.read((db) => readDigestOfDay(db, values.day ?? "")) : null;
    const isAsSealed = sealed?.sha256 === exported.sha256;
    const chain = isAsSealed ? sealed.chain : null;
    const facts = { day: values.day, probe: probeId, ...exported, chain };
    if (values.json) stdout.write(`${JSON.stringify(facts)}\n`);
    else stderr.write(`${values.day} ${exported.runs} ${exported.sha256} ${chain ?? "not sealed"}\n`);
    if (sealed === null || isAsSealed) return 0;
    stderr.write(`these are not the runs that were sealed: ${sealed.runs} with ${sealed.sha256}\n`);
    return 1;
  });
};

export const command: Command = {
  summary: "write the raw runs of a day as JSON lines, with a digest that anyone can check",
  usage: `Usage: nines export-runs --day 2026-11-21 [--probe ID] [--seal] [--json] > runs.jsonl
       nines export-runs --digests [--json]

Writes the runs of a UTC day to standard output, one JSON line each, and "day runs sha256 chain" to standard error.
--seal publishes the digest of a day that is over: each digest is chained to all before it, and none is ever changed.
--json prints the digest alone. Exits with 1 when the runs are not those that were sealed.
"nines verify --export FILE" checks a file; docs/verify.md shows how to work a figure out from it.`,
  run: async (context) => {
    const values = readArgs(context.args);
    if (values.digests) return listDigests(context, values.json);
    return exportRuns(context, values);
  },
};
