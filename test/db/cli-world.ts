import type { CliAnswer } from "#test/support/run-cli.ts";
import { runCli } from "#test/support/run-cli.ts";
import type { TestDatabase } from "#test/support/test-database.ts";

/** Runs `nines <words>` against a database, as ana; texts of several words are one argument. */
export const cliOf =
  (db: TestDatabase) =>
  (...words: readonly string[]): Promise<CliAnswer> =>
    runCli(words, { DATABASE_URL: db.url, PORT: "4321", USER: "ana" });

/** The same, for commands that must work: what they print as JSON. @throws Error with what they said instead. */
export const jsonOf = async (answer: Promise<CliAnswer>): Promise<Record<string, never>> => {
  const { code, out, err } = await answer;
  if (code !== 0) throw new Error(`exit code ${code}: ${err}`);
  return JSON.parse(out) as Record<string, never>;
};
