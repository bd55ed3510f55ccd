import { destination as openDestination } from "pino";

/** Where finished lines go. */
export type LineSink = { readonly write: (line: string) => unknown };

/**
 * Lines to standard error in the background. Each write holds whole lines of at most 4 kB together, which a pipe takes
 * in one piece, so that lines of several processes do not mix. When nobody reads, lines beyond 4 MB are dropped.
 */
export const backgroundSink = (): LineSink =>
  openDestination({ dest: 2, sync: false, maxWrite: 4_096, maxLength: 4_194_304, minLength: 0 });
