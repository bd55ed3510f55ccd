import { API_VERSIONS } from "#lib/contracts/api-keys.ts";
import type { Operation } from "#lib/contracts/operations/operation.ts";
import { AppError } from "#lib/core/errors.ts";

/** What one version changed against the one before it: how an answer is told to those who stayed there. */
export type VersionChange = {
  /** The calendar version that it came with. */
  readonly version: string;
  /** By operation: the body of a success as the version before had it. */
  readonly back: Readonly<Record<string, (body: unknown) => unknown>>;
};

export type ApiVersions = {
  /** The oldest first. */
  readonly all: readonly string[];
  /**
   * The version to answer in: the one that the request names, else the one that the key is locked to, else the newest.
   * @throws AppError INVALID_REQUEST for one that there is not
   */
  readonly choose: (asked: string | undefined, locked: string | null) => string;
  /** A body of the newest version as another one has it. */
  readonly tell: (operationId: string, body: unknown, version: string) => unknown;
};

/**
 * The calendar versions of `/v1` and the way back from each to the one before. Code is written for the newest; whoever is
 * locked to an older one gets its answers through every change since, the newest first.
 * @param changes one for each version after the first, the oldest first
 */
export const createVersions = (all: readonly string[], changes: readonly VersionChange[]): ApiVersions => {
  const newest = all.at(-1) ?? "";
  return {
    all,
    choose: (asked, locked) => {
      if (asked === undefined) return locked ?? newest;
      if (all.includes(asked) || asked === locked) return asked;
      throw new AppError("INVALID_REQUEST", `there is no API-Version of this name; take one of ${all.join(", ")}`);
    },
    tell: (operationId, body, version) =>
      changes
        // Dates: their texts are in their order.
        .filter((change) => change.version > version)
        .toReversed()
        .reduce((told, { back }) => (Object.hasOwn(back, operationId) ? back[operationId]?.(told) : told), body),
  };
};

/** The versions of this release. There is one so far, so nothing is to be told in an older form. */
export const VERSIONS: ApiVersions = createVersions(API_VERSIONS, []);

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
