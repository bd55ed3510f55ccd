import { fileURLToPath } from "node:url";
import type { Command } from "#lib/cli/command.ts";
import { buildPagesWhenNeeded } from "#lib/cli/start/next-build.ts";
import { usageError } from "#lib/cli/usage-error.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

export const command: Command = {
  summary: "build the pages ahead of the first start, for images and read-only folders",
  usage: "Usage: nines build\n\n`start` does it by itself when the sources have changed and its folder can be written.",
  run: async ({ args, env, stdout, signal }) => {
    if (args.length > 0) throw usageError(`build takes no argument, got "${args[0]}"`);
    await buildPagesWhenNeeded({ root: ROOT, env, out: stdout, signal });
    stdout.write("the pages are built\n");
    return 0;
  },
};
