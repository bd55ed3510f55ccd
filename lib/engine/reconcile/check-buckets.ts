import type { Database } from "#db/database.ts";
import type { FindingResource } from "#lib/contracts/reconciliation.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";
import { verifyBuckets } from "../verify/verify-buckets.ts";
import { spanToVerify } from "../verify/verify-figures.ts";
import { findingOf } from "./finding.ts";

/** Runs of a location that was cut off for minutes may still come and be counted. */
const SETTLE_MS = 5 * MINUTE_MS;
const MOST_KEPT = 1_000;

/**
 * Works the minute buckets of the last hour out again from raw runs, as far as the signal leaves time. What differs is
 * told, not mended: buckets follow from runs, so that a difference is a fault to be understood.
 */
export const checkBuckets = async (
  database: Database,
  { now, signal }: { readonly now: EpochMs; readonly signal: AbortSignal },
): Promise<FindingResource | null> => {
  const span = await spanToVerify(database, {
    from: addMs(now, -(HOUR_MS + SETTLE_MS)),
    until: addMs(now, -SETTLE_MS),
  });
  if (span === null) return null;
  const differing: string[] = [];
  const report = ({ what }: { readonly what: string }): void =>
    void (differing.length < MOST_KEPT && differing.push(what));
  await verifyBuckets(database, { span, report, signal, onProgress: () => undefined });
  return findingOf("bucket_differs", differing);
};
