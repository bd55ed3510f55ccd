import postgres from "postgres";
import type { Database, Db, Tx } from "#db/database.ts";
import type { ExplainedStatement } from "#lib/cli/bench/dashboards/plan-facts.ts";
import { explainedStatement, explainingUrl } from "#lib/cli/bench/dashboards/plan-facts.ts";

export type ExplainedDatabase = {
  readonly database: Database;
  /** What was sent since the last call, with its plan as it was run. */
  readonly take: () => ExplainedStatement[];
  readonly close: () => Promise<void>;
};

/** A database whose sessions tell the plan of every statement that they run. `url` must be a superuser's. */
export const explainedDatabase = (url: string): ExplainedDatabase => {
  let found: ExplainedStatement[] = [];
  const address = new URL(explainingUrl(url, { "auto_explain.log_level": "notice", client_min_messages: "notice" }));
  // The driver takes it for a setting of the session.
  address.searchParams.delete("sslmode");
  const settings = Object.fromEntries(address.searchParams);
  address.search = "";
  const sql = postgres(address.href, {
    max: 4,
    connection: { ...settings, TimeZone: "UTC" },
    types: { bigint: postgres.BigInt },
    onnotice: ({ message = "" }) => {
      const one = explainedStatement(message);
      if (one !== null) found.push(one);
    },
  }) as unknown as postgres.Sql;
  const database: Database = {
    read: <T>(work: (db: Db) => Promise<T>) => work(sql),
    transaction: <T>(work: (tx: Tx) => Promise<T>) => sql.begin(work) as Promise<T>,
    listen: () => Promise.resolve(() => Promise.resolve()),
    close: () => sql.end({ timeout: 1 }),
  };
  return {
    database,
    take: () => {
      const all = found;
      found = [];
      return all;
    },
    close: database.close,
  };
};
