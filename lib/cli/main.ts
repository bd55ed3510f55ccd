import type { Command, CommandContext } from "#lib/cli/command.ts";
import { createSuggester, didYouMean } from "#lib/config/suggest.ts";
import { AppError } from "#lib/core/errors.ts";
import { VERSION } from "#lib/runtime/version.ts";

type Load = () => Promise<{ command: Command }>;

/** Every command and the module that holds it; loaded on demand so that `check` does not pay for the web server. */
const COMMANDS: Readonly<Record<string, Load>> = {
  start: () => import("#lib/cli/commands/start.ts"),
  dev: () => import("#lib/cli/commands/dev.ts"),
  build: () => import("#lib/cli/commands/build.ts"),
  apply: () => import("#lib/cli/commands/apply.ts"),
  plan: () => import("#lib/cli/commands/plan.ts"),
  check: () => import("#lib/cli/commands/check.ts"),
  probe: () => import("#lib/cli/commands/probe.ts"),
  "egress-check": () => import("#lib/cli/commands/egress-check.ts"),
  audit: () => import("#lib/cli/commands/audit.ts"),
  backtest: () => import("#lib/cli/commands/backtest.ts"),
  verify: () => import("#lib/cli/commands/verify.ts"),
  "export-runs": () => import("#lib/cli/commands/export-runs.ts"),
  "calendar-window": () => import("#lib/cli/commands/calendar-window.ts"),
  import: () => import("#lib/cli/commands/import.ts"),
  export: () => import("#lib/cli/commands/export.ts"),
  incident: () => import("#lib/cli/commands/incident.ts"),
  alert: () => import("#lib/cli/commands/alert.ts"),
  silence: () => import("#lib/cli/commands/silence.ts"),
  doctor: () => import("#lib/cli/commands/doctor.ts"),
  reconcile: () => import("#lib/cli/commands/reconcile.ts"),
  exclusion: () => import("#lib/cli/commands/exclusion.ts"),
  maintenance: () => import("#lib/cli/commands/maintenance.ts"),
  statement: () => import("#lib/cli/commands/statement.ts"),
  backup: () => import("#lib/cli/commands/backup.ts"),
  restore: () => import("#lib/cli/commands/restore.ts"),
  user: () => import("#lib/cli/commands/user.ts"),
  agent: () => import("#lib/cli/commands/agent.ts"),
  key: () => import("#lib/cli/commands/key.ts"),
  secret: () => import("#lib/cli/commands/secret.ts"),
  endpoint: () => import("#lib/cli/commands/endpoint.ts"),
  bench: () => import("#lib/cli/commands/bench.ts"),
  docs: () => import("#lib/cli/commands/docs.ts"),
  "db-dump": () => import("#lib/cli/commands/db-dump.ts"),
  tool: () => import("#lib/cli/commands/tool.ts"),
};

const overview = async (): Promise<string> => {
  const lines = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, load]) => `  ${name.padEnd(16)} ${(await load()).command.summary}`),
  );
  return `Usage: nines COMMAND [options]\n\n${lines.join("\n")}\n\n"nines COMMAND --help" says more.\n`;
};

const reportError = (context: CommandContext, command: Command, error: unknown): 1 | 2 => {
  if (error instanceof AppError) {
    context.stderr.write(`${error.code}: ${error.detail}\n`);
    if (error.code !== "USAGE") return 1;
    context.stderr.write(`\n${command.usage}\n`);
    return 2;
  }
  const text = error instanceof Error ? error.message : String(error);
  context.stderr.write(`INTERNAL: ${text}\nThis is a fault of Nines. LOG_LEVEL=debug shows where it happened.\n`);
  if (context.env.LOG_LEVEL === "debug" && error instanceof Error) context.stderr.write(`${error.stack}\n`);
  return 1;
};

/** Runs one command in a given world. Returns the exit code: 0 fine, 1 found a problem, 2 wrong usage. */
export const runCommand = async (name: string | undefined, context: CommandContext): Promise<number> => {
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    context.stdout.write(await overview());
    return name === undefined ? 2 : 0;
  }
  if (name === "version" || name === "--version") {
    context.stdout.write(`${VERSION}\n`);
    return 0;
  }
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) {
    const hint = didYouMean(createSuggester(Object.keys(COMMANDS).length)(name, Object.keys(COMMANDS)));
    context.stderr.write(`USAGE: there is no command "${name}"${hint}.\n\n${await overview()}`);
    return 2;
  }
  const { command } = await load();
  if (context.args.includes("--help") || context.args.includes("-h")) {
    context.stdout.write(`${command.summary}\n\n${command.usage}\n`);
    return 0;
  }
  try {
    return await command.run(context);
  } catch (error) {
    return reportError(context, command, error);
  }
};

/** Entry point of the launcher: the real world as a context. A second signal ends the process at once. */
export const main = async (argv: readonly string[]): Promise<number> => {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(signal === "SIGINT" ? 130 : 143);
      stop.abort(signal);
    });
  }
  // A reader that went away (`| head`, also behind `2>&1`) is no fault of the command.
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  const { processEnvironment } = await import("#lib/config/env.ts");
  return runCommand(argv[0], {
    args: argv.slice(1),
    env: processEnvironment(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: stop.signal,
  });
};
