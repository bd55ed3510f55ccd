import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { runCommand } from "#lib/cli/main.ts";

export type CliAnswer = { readonly code: number; readonly out: string; readonly err: string };

/** Runs `nines <words>` in this process as a shell would; nothing is on standard input, and only `env` is set. */
export const runCli = async (words: readonly string[], env: Readonly<Record<string, string>>): Promise<CliAnswer> => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const said = Promise.all([text(stdout), text(stderr)]);
  const [name, ...args] = words;
  const { signal } = new AbortController();
  const code = await runCommand(name, { args, env, stdin: Readable.from([]), stdout, stderr, signal });
  stdout.end();
  stderr.end();
  const [out, err] = await said;
  return { code, out, err };
};
