import { getWebContext } from "#lib/read/web-context.ts";

/** Next calls this for an error that a page threw. Path without its query: that may hold a token. */
export const onRequestError = (error: unknown, { path }: { path: string }): void =>
  getWebContext().reportFault(error, path.split("?")[0] ?? path);
