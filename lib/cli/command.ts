import type { Readable, Writable } from "node:stream";

/** The world as a command sees it; a test passes its own. */
export type CommandContext = {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Aborts when the user or the parent wants the command to end. */
  readonly signal: AbortSignal;
};

/** 0: fine. 1: found a problem. 2: wrong usage. */
export type ExitCode = 0 | 1 | 2;

export type Command = {
  readonly summary: string;
  /** Printed for `--help` and after a usage error. */
  readonly usage: string;
  readonly run: (context: CommandContext) => Promise<ExitCode>;
};
