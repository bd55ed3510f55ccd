import packageJson from "../package.json" with { type: "json" };

/** How we name ourselves to targets (T31): what probes them and, where it is known, whom to tell when it is a nuisance. */
export const userAgentOf = (contactUrl: string | null): string =>
  `Nines/${packageJson.version} (${contactUrl === null ? "synthetic monitoring" : `+${contactUrl}`})`;
