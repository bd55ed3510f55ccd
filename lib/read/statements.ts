import type { Database } from "#db/database.ts";
import type { StatementRow } from "#db/queries/statements.ts";
import { readStatement, readStatements } from "#db/queries/statements.ts";
import type { StatementResource, StatementSummary } from "#lib/contracts/statements.ts";
import { statementSummary } from "#lib/contracts/statements.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Listed, Paging } from "./pagination.ts";
import { paginate } from "./pagination.ts";

const documentOf = ({ document }: StatementRow): StatementResource => JSON.parse(document) as StatementResource;

/** One page of the frozen statements that match, replaced ones too, the newest first. */
export const listStatements = (
  database: Database,
  query: Paging & { readonly period?: string | undefined; readonly serviceId?: string | undefined },
): Promise<Listed<StatementSummary>> =>
  database.read(async (db) => {
    const { period = null, serviceId = null } = query;
    const { data, pagination } = paginate("statements", await readStatements(db, { period, serviceId }), query);
    return { data: data.map((row) => statementSummary(documentOf(row), row.replacedBy)), pagination };
  });

/** A frozen statement as it was issued: written again as JSON it has the bytes that were stored. @throws AppError NOT_FOUND */
export const getStatement = async (database: Database, id: string): Promise<StatementResource> => {
  const row = await database.read((db) => readStatement(db, id));
  if (row === null) throw new AppError("NOT_FOUND", "there is no statement with this id");
  return documentOf(row);
};
