import { API_VERSION, API_VERSIONS } from "#lib/contracts/api-keys.ts";
import type { Operation } from "#lib/contracts/operations/operation.ts";
import { AppError } from "#lib/core/errors.ts";

export { API_VERSIONS };

/**
 * The version to answer in: the one that the request names, else the one that the key is locked to, else the newest.
 * @throws AppError INVALID_REQUEST for one that there is not
 */
export const versionFor = (asked: string | undefined, locked: string | null): string => {
  if (asked === undefined) return locked ?? API_VERSION;
  if (API_VERSIONS.includes(asked) || asked === locked) return asked;
  throw new AppError("INVALID_REQUEST", `there is no API-Version of this name; take one of ${API_VERSIONS.join(", ")}`);
};

/** Headers of an operation that goes away: RFC 9745, RFC 8594 and what takes its place. */
export const deprecationHeaders = ({ deprecated }: Pick<Operation, "deprecated">): [string, string][] => {
  if (deprecated === undefined) return [];
  const { since, sunset, successor } = deprecated;
  return [
    ["Deprecation", `@${Math.floor(Date.parse(since) / 1_000)}`],
    ["Sunset", new Date(sunset).toUTCString()],
    ["Link", `<${successor}>; rel="successor-version"`],
  ];
};
