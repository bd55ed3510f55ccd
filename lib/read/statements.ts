import type { Database } from "#db/database.ts";
import type { StatementRow } from "#db/queries/statements.ts";
import { readStatement, readStatements } from "#db/queries/statements.ts";
import type { StatementResource, StatementSummary } from "#lib/contracts/statements.ts";
import { statementSummary } from "#lib/contracts/statements.ts";
import { AppError } from "#lib/core/errors.ts";
import type { MemoryQuery, PageFor } from "./memory-list.ts";
import { listInMemory } from "./memory-list.ts";

const documentOf = ({ document }: StatementRow): StatementResource => JSON.parse(document) as StatementResource;

type StatementQuery = MemoryQuery & { readonly period?: string | undefined; readonly serviceId?: string | undefined };

/** One page of the frozen statements that match, replaced ones too, the newest first. */
export const listStatements = <Query extends StatementQuery>(
  database: Database,
  query: Query,
): Promise<PageFor<Query, StatementSummary>> =>
  database.read(async (db) => {
    const { period = null, serviceId = null } = query;
    const rows = await readStatements(db, { period, serviceId });
    const all = rows.map((row) => {
      const summary = statementSummary(documentOf(row), row.replacedBy);
      return { ...summary, id: row.id };
    });
    return listInMemory(all, query, {
      kind: "statements",
      textsOf: ({ id, serviceId: service, author, period: { label } }) => [id, service, author, label],
      createdAtOf: ({ issuedAt }) => issuedAt ?? 0,
      sortValueOf: (one, field) => (field === "period" ? one.period.label : one[field as keyof StatementSummary]),
    });
  });

/** A frozen statement as it was issued: written again as JSON it has the bytes that were stored. @throws AppError NOT_FOUND */
export const getStatement = async (database: Database, id: string): Promise<StatementResource> => {
  const row = await database.read((db) => readStatement(db, id));
  if (row === null) throw new AppError("NOT_FOUND", "there is no statement with this id");
  return documentOf(row);
};
