import { randomBytes } from "node:crypto";
import type { Command, CommandContext } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { readAuthor } from "#lib/cli/read-author.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { usageError } from "#lib/cli/usage-error.ts";
import type { IssuedStatement } from "#lib/commands/statements/issue-statement.ts";
import { issueStatement } from "#lib/commands/statements/issue-statement.ts";
import { statementCsv } from "#lib/contracts/statement-files.ts";
import { statementHtml } from "#lib/contracts/statement-html.ts";
import type { StatementLanguage } from "#lib/contracts/statement-words.ts";
import { STATEMENT_LANGUAGES } from "#lib/contracts/statement-words.ts";
import type { StatementPeriod } from "#lib/core/statements/period.ts";
import { parseStatementPeriod } from "#lib/core/statements/period.ts";
import { systemClock } from "#lib/runtime/clock.ts";

const OPTIONS = {
  month: { type: "string" },
  quarter: { type: "string" },
  service: { type: "string" },
  format: { type: "string", default: "json" },
  language: { type: "string", default: "en" },
  author: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

const FORMATS = ["json", "csv", "html"] as const;
type Format = (typeof FORMATS)[number];
/** A year of a large page takes seconds to count. */
const DEADLINE_MS = 60_000;

const usage = (detail: string): never => {
  throw usageError(detail);
};

const readValues = (args: readonly string[]) => readOptions(args, { options: OPTIONS }).values;

const periodOf = (kind: StatementPeriod["kind"], text: string): StatementPeriod => {
  const period = parseStatementPeriod(text);
  if (period?.kind === kind) return period;
  const example = kind === "month" ? "2026-10" : "2026-Q3";
  return usage(`--${kind} must be a ${kind} such as ${example}, got "${text}"`);
};

const readAsk = (args: readonly string[]) => {
  const { month, quarter, service, format, language, author, json } = readValues(args);
  const periods = [
    ...(month === undefined ? [] : [periodOf("month", month)]),
    ...(quarter === undefined ? [] : [periodOf("quarter", quarter)]),
  ];
  const [period, second] = periods;
  if (period === undefined || second !== undefined) return usage("give either --month or --quarter");
  const wanted = FORMATS.find((one) => one === (json ? "json" : format));
  const spoken = STATEMENT_LANGUAGES.find((one) => one === language);
  if (wanted === undefined) return usage(`--format must be one of ${FORMATS.join(", ")}, got "${format}"`);
  if (spoken === undefined)
    return usage(`--language must be one of ${STATEMENT_LANGUAGES.join(", ")}, got "${language}"`);
  return { period, serviceId: service ?? null, format: wanted, language: spoken, author };
};

const textOf = ({ statement, document }: IssuedStatement, format: Format, language: StatementLanguage): string => {
  if (format === "csv") return statementCsv(statement);
  return format === "html" ? statementHtml(statement, language) : `${document}\n`;
};

const noteOf = ({ statement }: IssuedStatement): string => {
  const { id, period, state, version, replaces } = statement;
  if (state === "provisional")
    return `${period.label} is not over and counted yet: this is provisional and not kept.\n`;
  return `${id}: version ${version} of ${period.label}${replaces === null ? "" : `, which restates ${replaces}`}.\n`;
};

const run = async (context: CommandContext): Promise<0> => {
  const { period, serviceId, format, language, author } = readAsk(context.args);
  const args = { period, serviceId, author: readAuthor(context, author), actor: "cli", randomBytes };
  const issued = await withDatabase(context, (database) =>
    database.transaction((tx) => issueStatement(tx, { ...args, now: systemClock.now() }), { deadlineMs: DEADLINE_MS }),
  );
  context.stderr.write(noteOf(issued));
  context.stdout.write(textOf(issued, format, language));
  return 0;
};

export const command: Command = {
  summary: "print the frozen statement of what was promised and kept in a month or a quarter",
  usage: `Usage: nines statement (--month 2026-10 | --quarter 2026-Q3) [--service ID] [--format json|csv|html] [--language en|ko|ru]
                       [--author NAME]

Of a month or quarter that is over, in the time zone of the page, the statement is frozen: asking again gives the same
bytes, and a correction since makes a restatement that names the one it replaces and what changed. Before that it is
provisional and not kept. The statement goes to standard output, what happened to standard error.
The service must run, or DATABASE_URL must be set.`,
  run,
};
