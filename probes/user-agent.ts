import { VERSION } from "#lib/runtime/version.ts";

/** How we name ourselves to targets (T31): what probes them and, where it is known, whom to tell when it is a nuisance. */
export const userAgentOf = (contactUrl: string | null): string =>
  `Nines/${VERSION} (${contactUrl === null ? "synthetic monitoring" : `+${contactUrl}`})`;
