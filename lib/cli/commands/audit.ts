import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Command, CommandContext, ExitCode } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { readInstant } from "#lib/cli/read-instant.ts";
import { readSubcommand } from "#lib/cli/read-subcommand.ts";
import { readWord } from "#lib/cli/usage-error.ts";
import { AppError } from "#lib/core/errors.ts";
import { AUDIT_FILE_ROWS, exportAudit } from "#lib/read/audit.ts";
import type { ChainLink, ChainPlace, ChainVerdict } from "#lib/read/verify-audit.ts";
import { CHAIN_START, followLink, verifyAudit } from "#lib/read/verify-audit.ts";
import { systemClock } from "#lib/runtime/clock.ts";

const OPTIONS = {
  file: { type: "string" },
  expect: { type: "string" },
  format: { type: "string" },
  actor: { type: "string" },
  action: { type: "string" },
  subject: { type: "string" },
  from: { type: "string" },
  to: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

const ACTIONS = {
  verify: { options: ["file", "expect"], takesId: false },
  export: { options: ["format", "actor", "action", "subject", "from", "to"], takesId: false },
} as const;

const readArgs = (args: readonly string[]) => readSubcommand("audit", args, { options: OPTIONS, actions: ACTIONS });
type Values = ReturnType<typeof readArgs>["values"];

const linkOf = (line: string): ChainLink | null => {
  try {
    const { chain, text } = JSON.parse(line) as { chain: Omit<ChainLink, "text">; text: string };
    return typeof text === "string" ? { ...chain, text } : null;
  } catch {
    return null;
  }
};

/** Follows the chain through an exported file, without a database. @throws AppError NOT_FOUND */
const verifyFile = async (path: string): Promise<ChainVerdict> => {
  const file = await open(path).catch((error: unknown) => {
    throw new AppError("NOT_FOUND", `${path} cannot be read`, { cause: error });
  });
  let place: ChainPlace = CHAIN_START;
  const lines = createInterface({ input: file.createReadStream(), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    if (line === "") continue;
    const link = linkOf(line);
    const next = link === null ? "it is no row of an export" : followLink(place, link);
    if (typeof next === "string") return { isWhole: false, rows: place.rows, at: place.rows + 1, reason: next };
    place = next;
  }
  return { isWhole: true, ...place };
};

const against = (verdict: ChainVerdict, expected: string | undefined): ChainVerdict =>
  !verdict.isWhole || expected === undefined || verdict.head === expected
    ? verdict
    : { isWhole: false, rows: verdict.rows, at: verdict.rows, reason: "the last row is not the one that was noted" };

const verify = async (context: CommandContext, { file, expect, json }: Values): Promise<ExitCode> => {
  const found = file === undefined ? await withDatabase(context, verifyAudit) : await verifyFile(file);
  const verdict = against(found, expect);
  if (json) context.stdout.write(`${JSON.stringify(verdict)}\n`);
  else if (verdict.isWhole) context.stdout.write(`whole: ${verdict.rows} rows, the last hash is ${verdict.head}\n`);
  else context.stdout.write(`BROKEN at row ${verdict.at}: ${verdict.reason}\n`);
  return verdict.isWhole ? 0 : 1;
};

const instant = (text: string | undefined) => (text === undefined ? undefined : readInstant(text, systemClock.now()));

const writeAll = async (context: CommandContext, values: Values): Promise<ExitCode> => {
  const { actor, action, subject } = values;
  const format = readWord(values.format ?? "ndjson", ["ndjson", "csv"], "format");
  const filter = { actor, action, subject, from: instant(values.from), to: instant(values.to) };
  await withDatabase(context, async (database) => {
    let after: number | null = null;
    for (;;) {
      const part: Awaited<ReturnType<typeof exportAudit>> = await exportAudit(database, { ...filter, format, after });
      // The head of the table stands once, before the first rows.
      context.stdout.write(format === "csv" && after !== null ? part.text.replace(/^[^\n]*\n/, "") : part.text);
      if (part.rows < AUDIT_FILE_ROWS) return;
      after = part.lastSequence;
    }
  });
  return 0;
};

export const command: Command = {
  summary: "verify and export the audit log",
  usage: `Usage: nines audit verify [--file EXPORT.ndjson] [--expect HASH] [--json]
       nines audit export [--format ndjson|csv] [--actor A] [--action A] [--subject S] [--from T] [--to T]

Every row of the audit log holds the hash of the row before it. verify recomputes them all, in the database or in
a whole export in NDJSON, and exits with 1 when a row was changed, removed or slipped in. Rows cut off at the end show
against a hash that was noted before: --expect. The service must run, or DATABASE_URL must be set.`,
  run: (context) => {
    const { action, values } = readArgs(context.args);
    return action === "verify" ? verify(context, values) : writeAll(context, values);
  },
};
