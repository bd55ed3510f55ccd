import type { Database } from "#db/database.ts";
import type { AuditFilter, AuditRow } from "#db/queries/audit.ts";
import { readAudit } from "#db/queries/audit.ts";
import type { AuditEntryResource } from "#lib/contracts/audit.ts";
import { csvOf } from "#lib/core/csv.ts";
import type { Listed, Paging } from "./pagination.ts";
import { assertOneDirection, decodeCursor, encodeCursor, foreignCursor, pageOf } from "./pagination.ts";

const KIND = "audit";

const placeOf = (cursor: string | undefined): number | null => {
  if (cursor === undefined) return null;
  const [place] = decodeCursor(KIND, cursor);
  if (!Number.isSafeInteger(place) || Number(place) < 0) throw foreignCursor();
  return Number(place);
};

const parsed = (json: string | null): unknown => (json === null ? null : JSON.parse(json));

const auditResource = (row: AuditRow): AuditEntryResource => ({
  id: row.position,
  at: row.at.toISOString(),
  actor: row.actor,
  action: row.action,
  subject: row.subject,
  before: parsed(row.before),
  after: parsed(row.after),
  chain: { sequence: row.sequence, previousHash: row.previousHash, hash: row.hash },
});

/** One page of the audit log, the newest first. @throws AppError INVALID_REQUEST for a cursor of another list */
export const listAudit = async (
  database: Database,
  query: AuditFilter & Paging,
): Promise<Listed<AuditEntryResource>> => {
  assertOneDirection(query);
  const [after, before] = [placeOf(query.after), placeOf(query.before)];
  const isUpward = before !== null;
  const found = await database.read((db) =>
    readAudit(db, query, { beyond: before ?? after, isUpward, limit: query.limit + 1 }),
  );
  const rows = isUpward ? found.reverse() : found;
  return pageOf(
    rows,
    { limit: query.limit, after, before },
    { cursorOf: ({ sequence }) => encodeCursor(KIND, sequence), resourceOf: auditResource },
  );
};

/** So many rows at most stand in one file. */
export const AUDIT_FILE_ROWS = 20_000;
const EXPORT_DEADLINE_MS = 30_000;

export type AuditFormat = "ndjson" | "csv";

const HEAD = ["sequence", "at", "actor", "action", "subject", "before", "after", "previousHash", "hash"] as const;

/** One row as a line that can be verified without us: `hash` = SHA-256 of `previousHash` + "\n" + `text`. */
const lineOf = (row: AuditRow): string => `${JSON.stringify({ ...auditResource(row), text: row.text })}\n`;

const cellsOf = (row: AuditRow): (string | number | null)[] => [
  row.sequence,
  row.at.toISOString(),
  row.actor,
  row.action,
  row.subject,
  row.before,
  row.after,
  row.previousHash,
  row.hash,
];

/** The audit log as a text, the oldest first, at most 20,000 rows after a place in the chain. */
export const exportAudit = async (
  database: Database,
  { format, after, ...filter }: AuditFilter & { readonly format: AuditFormat; readonly after: number | null },
): Promise<{ readonly text: string; readonly rows: number; readonly lastSequence: number | null }> => {
  const rows = await database.read(
    (db) => readAudit(db, filter, { beyond: after, isUpward: true, limit: AUDIT_FILE_ROWS }),
    { deadlineMs: EXPORT_DEADLINE_MS },
  );
  const text = format === "csv" ? csvOf([HEAD, ...rows.map(cellsOf)]) : rows.map(lineOf).join("");
  return { text, rows: rows.length, lastSequence: rows.at(-1)?.sequence ?? null };
};
