import { PassThrough, Readable } from "node:stream";
import { runCommand } from "#lib/cli/main.ts";
import type { TestDatabase } from "#test/support/test-database.ts";

export type CliAnswer = { readonly code: number; readonly out: string; readonly err: string };

/** Runs `nines <words>` against a database, as a shell would; texts of several words are one argument. */
export const cliOf =
  (db: TestDatabase) =>
  async (name: string, ...args: readonly string[]): Promise<CliAnswer> => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const code = await runCommand(name, {
      args: [...args],
      env: { DATABASE_URL: db.url, PORT: "4321", USER: "ana" },
      stdin: Readable.from([]),
      stdout,
      stderr,
      signal: new AbortController().signal,
    });
    return { code, out: String(stdout.read() ?? ""), err: String(stderr.read() ?? "") };
  };

/** The same, for commands that must work: what they print as JSON. @throws Error with what they said instead. */
export const jsonOf = async (answer: Promise<CliAnswer>): Promise<Record<string, never>> => {
  const { code, out, err } = await answer;
  if (code !== 0) throw new Error(`exit code ${code}: ${err}`);
  return JSON.parse(out) as Record<string, never>;
};
