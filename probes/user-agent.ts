import { readFileSync } from "node:fs";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/** How we name ourselves to targets (T31): what probes them and, where it is known, whom to tell when it is a nuisance. */
export const userAgentOf = (contactUrl: string | null): string =>
  `Nines/${version} (${contactUrl === null ? "synthetic monitoring" : `+${contactUrl}`})`;
