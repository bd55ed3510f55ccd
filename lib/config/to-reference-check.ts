import type { ReferenceCheck } from "#lib/core/definitions.ts";
import { durationMs, SECOND_MS } from "#lib/core/units.ts";
import { toDuration } from "./scalars.ts";
import type { ReferenceCheckFile } from "./schema/location.ts";

const DEFAULT_INTERVAL_MS = durationMs(10 * SECOND_MS);
const LONGEST_DEFAULT_TIMEOUT_MS = 3 * SECOND_MS;

/** A reference check of the file as the engine knows it, defaults filled in. */
export const toReferenceCheck = ({ id, url, interval, timeout }: ReferenceCheckFile): ReferenceCheck => {
  const intervalMs = interval === undefined ? DEFAULT_INTERVAL_MS : toDuration(interval);
  const timeoutMs =
    timeout === undefined ? durationMs(Math.min(LONGEST_DEFAULT_TIMEOUT_MS, intervalMs)) : toDuration(timeout);
  return { id, url, intervalMs, timeoutMs };
};
