import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import type { Database } from "#db/database.ts";
import { openDatabase } from "#db/database.ts";
import { runAsAdmin, withDatabaseName } from "./cluster.ts";

export type TestDatabase = {
  readonly url: string;
  readonly database: Database;
  /** Closes and removes it. */
  readonly drop: () => Promise<void>;
};

const make = async (template: string): Promise<TestDatabase> => {
  const clusterUrl = inject("clusterUrl");
  const name = `test_${randomBytes(8).toString("hex")}`;
  await runAsAdmin(clusterUrl, `create database ${name} template ${template}`);
  const url = withDatabaseName(clusterUrl, name);
  const database = openDatabase({ url, applicationName: "test" });
  return {
    url,
    database,
    drop: async () => {
      await database.close();
      await runAsAdmin(clusterUrl, `drop database ${name} with (force)`);
    },
  };
};

/** A migrated database of one's own, cloned from the run's template. For the projects `db` and `process`. */
export const testDatabase = (): Promise<TestDatabase> => make(inject("templateName"));

/** A database of one's own without any table. */
export const emptyDatabase = (): Promise<TestDatabase> => make("template0");
