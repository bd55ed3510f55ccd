import { readdir, readFile } from "node:fs/promises";
import type { Database } from "#db/database.ts";
import { runVerifyStatement } from "#db/queries/verify.ts";
import type { MinuteSpan } from "#lib/core/bucket.ts";
import { startOfMinute } from "#lib/core/units.ts";
import type { Report } from "./difference.ts";

const FOLDER = new URL("../../../db/verify/", import.meta.url);
const STATEMENT_DEADLINE_MS = 10 * 60_000;
/** Differences a statement: a database that is wrong everywhere is known to be so after the first thousand. */
const MOST_FINDINGS = 1_000;

/**
 * Works everything out once more in plain SQL, by the statements of db/verify, which share nothing with the engine.
 * Returns the names of the statements that ran.
 */
export const verifyBySql = async (
  database: Database,
  args: { span: MinuteSpan; sloId: string | null; report: Report; signal: AbortSignal },
): Promise<string[]> => {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith(".sql")).sort();
  const ran: string[] = [];
  for (const name of names) {
    if (args.signal.aborted) break;
    const sql = await readFile(new URL(name, FOLDER), "utf8");
    const ask = { sql, sloId: args.sloId, limit: MOST_FINDINGS };
    const findings = await database.read(
      (db) =>
        runVerifyStatement(db, { ...ask, from: startOfMinute(args.span.from), until: startOfMinute(args.span.until) }),
      { deadlineMs: STATEMENT_DEADLINE_MS },
    );
    for (const finding of findings) args.report({ kind: "sql", ...finding });
    ran.push(name);
  }
  return ran;
};
