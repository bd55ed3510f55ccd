import { issueStatement } from "#lib/commands/statements/issue-statement.ts";
import type { BUDGET_OPERATIONS } from "#lib/contracts/operations/budgets.ts";
import { statementCsv } from "#lib/contracts/statement-files.ts";
import { STATEMENT_STYLE, statementHtml } from "#lib/contracts/statement-html.ts";
import type { StatementResource } from "#lib/contracts/statements.ts";
import { AppError } from "#lib/core/errors.ts";
import { parseStatementPeriod } from "#lib/core/statements/period.ts";
import { getGate } from "#lib/read/gate.ts";
import { getLedger } from "#lib/read/ledger.ts";
import { getStatement, listStatements } from "#lib/read/statements.ts";
import type { AnswerFile } from "../http/send-file.ts";
import { authorOf } from "./exclusions.ts";
import type { HandlersOf } from "./types.ts";

const SUFFIX = /\.(csv|html|json)$/;
type Format = "csv" | "html" | "json";

/** What was asked for by the end of the address, or else by Accept. */
const formatOf = (id: string, accept: string): Format => {
  const suffix = SUFFIX.exec(id)?.[1] as Format | undefined;
  if (suffix !== undefined) return suffix;
  const types = accept.split(",").map((member) => member.split(";", 1)[0]?.trim().toLowerCase());
  const first = types.find((type) => type === "text/csv" || type === "text/html" || type === "application/json");
  return first === "text/csv" ? "csv" : first === "text/html" ? "html" : "json";
};

const fileOf = (statement: StatementResource, format: Format): AnswerFile | undefined => {
  const name = `statement-${statement.period.label}${statement.serviceId === null ? "" : `-${statement.serviceId}`}.csv`;
  if (format === "csv") return { contentType: "text/csv; charset=utf-8", body: statementCsv(statement), name };
  if (format === "json") return undefined;
  const body = statementHtml(statement);
  return { contentType: "text/html; charset=utf-8", body, name: null, style: STATEMENT_STYLE };
};

export const budgetHandlers: HandlersOf<typeof BUDGET_OPERATIONS> = {
  getLedger: async ({ database, clock }, { params, query }) => ({
    body: await getLedger(database, { id: params.id, ...query }, clock.now()),
  }),
  getGate: async ({ database, clock }, { params }) => ({ body: await getGate(database, params.id, clock.now()) }),
  listStatements: async ({ database }, { query }) => ({ body: await listStatements(database, query) }),
  getStatement: async ({ database }, { params, accept }) => {
    const body = await getStatement(database, params.id.replace(SUFFIX, ""));
    const file = fileOf(body, formatOf(params.id, accept));
    return { body, ...(file === undefined ? {} : { file }) };
  },
  createStatement: async ({ tx, now, actor, randomBytes }, { principal, body }) => {
    const period = parseStatementPeriod(body.month ?? body.quarter ?? "");
    if (period === null) throw new AppError("INVALID_REQUEST", "give either month or quarter");
    const { serviceId = null } = body;
    const args = { period, serviceId, author: authorOf(principal), actor, now, randomBytes };
    const { statement } = await issueStatement(tx, args);
    return { body: statement, ...(statement.id === null ? {} : { location: `/v1/statements/${statement.id}` }) };
  },
};
