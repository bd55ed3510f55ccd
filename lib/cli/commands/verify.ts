import type { Command, CommandContext } from "#lib/cli/command.ts";
import { verifyExport } from "#lib/cli/export-runs/verify-export.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { usageError } from "#lib/cli/usage-error.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs, startOfMinute } from "#lib/core/units.ts";
import type { Difference } from "#lib/engine/verify/difference.ts";
import type { Verified } from "#lib/engine/verify/verify-figures.ts";
import { spanToVerify, verifyFigures } from "#lib/engine/verify/verify-figures.ts";
import { verifyBySql } from "#lib/engine/verify/verify-sql.ts";

/** More than these are counted, not printed. */
const MOST_SHOWN = 1_000;

const OPTIONS = {
  from: { type: "string" },
  to: { type: "string" },
  slo: { type: "string" },
  sql: { type: "boolean", default: false },
  export: { type: "string", multiple: true },
  json: { type: "boolean", default: false },
} as const;

const readArgs = (args: readonly string[]) => readOptions(args, { options: OPTIONS }).values;

const instantOf = (name: string, text: string | undefined): EpochMs | null => {
  if (text === undefined) return null;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw usageError(`nines verify: --${name} must be a date or an instant, got "${text}"`);
  return epochMs(at);
};

const instant = (at: EpochMs): string => new Date(at).toISOString();

/** Prints differences as they are found, or keeps the first of them for the JSON. */
const createPrinter = ({ stdout }: CommandContext, isJson: boolean) => {
  const kept: Difference[] = [];
  let found = 0;
  return {
    kept,
    found: () => found,
    report: (difference: Difference): void => {
      found += 1;
      if (found > MOST_SHOWN) return;
      if (isJson) kept.push(difference);
      else {
        const { what, stored, recomputed } = difference;
        stdout.write(`${what}\n  stored      ${stored ?? "nothing"}\n  worked out  ${recomputed ?? "nothing"}\n`);
      }
    },
  };
};

const progressOf = ({ stderr }: CommandContext, isJson: boolean) => {
  const isShown = !isJson && (stderr as { isTTY?: boolean }).isTTY === true;
  return {
    note: (what: string): void => void (isShown && stderr.write(`\r\u001b[K  ${what}`)),
    end: (): void => void (isShown && stderr.write("\r\u001b[K")),
  };
};

const of = (count: number, one: string): string => (count === 1 ? one : `${one}s`);

const summary = (verified: Verified, statements: readonly string[] | null, differences: number): string => {
  const { span, buckets, sliMinutes, readings, alerts, leftOut } = verified;
  const from =
    span === null
      ? "no minute with raw runs"
      : `${instant(startOfMinute(span.from))} to ${instant(startOfMinute(span.until))}`;
  const lines = [
    `${from}: ${buckets} ${of(buckets, "bucket")}, ${sliMinutes} ${of(sliMinutes, "minute")} of SLOs, ${readings} ${of(readings, "reading")}, ${alerts} ${of(alerts, "transition")} of alerts`,
    ...leftOut.map(({ sloId, why }) => `left out: ${sloId}, ${why}`),
    ...(statements === null ? [] : [`and once more in SQL: ${statements.join(", ")}`]),
    differences === 0
      ? "everything is as it is stored"
      : `${differences} ${differences === 1 ? "figure is" : "figures are"} stored otherwise`,
  ];
  return `${lines.join("\n")}\n`;
};

const verifyDatabase = async (context: CommandContext, values: ReturnType<typeof readArgs>): Promise<0 | 1> => {
  const [from, until, sloId] = [instantOf("from", values.from), instantOf("to", values.to), values.slo ?? null];
  const printer = createPrinter(context, values.json);
  const progress = progressOf(context, values.json);
  const { signal, stdout } = context;
  const { verified, statements } = await withDatabase(context, async (database) => {
    const ask = { from, until, sloId, signal, onProgress: progress.note };
    const span = values.sql ? await spanToVerify(database, ask) : null;
    const found = await verifyFigures(database, ask, printer.report);
    const ran = span === null ? null : await verifyBySql(database, { span, sloId, report: printer.report, signal });
    return { verified: found, statements: ran };
  }).finally(progress.end);
  const differences = printer.found();
  if (values.json) {
    const { span, leftOut, ...checked } = verified;
    const bounds =
      span === null ? null : { from: instant(startOfMinute(span.from)), until: instant(startOfMinute(span.until)) };
    const answer = {
      ok: differences === 0,
      span: bounds,
      checked,
      statements,
      leftOut,
      found: differences,
      differences: printer.kept,
    };
    stdout.write(`${JSON.stringify(answer)}\n`);
  } else {
    stdout.write(summary(verified, statements, differences));
  }
  if (signal.aborted) context.stderr.write("verify was stopped before it was through\n");
  return differences === 0 && !signal.aborted ? 0 : 1;
};

export const command: Command = {
  summary: "work buckets, SLOs, budgets and alerts out again from raw runs and compare",
  usage: `Usage: nines verify [--from T] [--to T] [--slo ID] [--sql] [--json]
       nines verify --export FILE... [--json]

Works everything out again from raw runs, as of then, and compares it with what is stored; prints every difference and
exits with 1 when there is any. --sql does so once more in SQL that shares nothing with the engine.
--export checks files of "nines export-runs" against the digests that were published.
Uses DATABASE_URL when it is set, else the embedded database of the service that runs from here.`,
  run: async (context) => {
    const values = readArgs(context.args);
    return values.export === undefined
      ? verifyDatabase(context, values)
      : verifyExport(context, values.export, values.json);
  },
};
