import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { openDatabase } from "#db/database.ts";
import { dumpSchema } from "#db/dump-schema.ts";
import { startTemporary } from "#db/embedded/temporary.ts";
import { migrate } from "#db/migrate.ts";
import type { Command } from "#lib/cli/command.ts";
import { usageError } from "#lib/cli/usage-error.ts";

const GOLDEN = fileURLToPath(new URL("../../../db/schema.sql", import.meta.url));

/** The schema that the migrations make, asked of an empty temporary server. */
const readSchema = async (): Promise<string> => {
  const { server, stop } = await startTemporary();
  try {
    await migrate({ url: server.url });
    const database = openDatabase({ url: server.url, applicationName: "nines-db-dump", maxConnections: 1 });
    try {
      return await database.read(dumpSchema);
    } finally {
      await database.close();
    }
  } finally {
    await stop();
  }
};

export const command: Command = {
  summary: "write db/schema.sql: what the migrations add up to (for developers)",
  usage: "Usage: nines db-dump\n\nRun it after a change of db/migrations, and look at the difference.",
  run: async ({ args, stdout }) => {
    if (args.length > 0) throw usageError(`db-dump takes no argument, got "${args[0]}"`);
    await writeFile(GOLDEN, await readSchema());
    stdout.write("db/schema.sql is written\n");
    return 0;
  },
};
