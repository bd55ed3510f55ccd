import type { EpochMs } from "../units.ts";
import { epochMs } from "../units.ts";
import type { BlindSpan } from "./eyesight.ts";

/** How stored spans have to change, and which instants that touches: [from, until), null: without end. */
export type SpanChange = {
  readonly removed: readonly EpochMs[];
  readonly written: readonly BlindSpan[];
  readonly touched: readonly BlindSpan[];
};

const FOREVER = Number.POSITIVE_INFINITY;
const endOf = (span: BlindSpan): number => span.until ?? FOREVER;
const covers = (spans: readonly BlindSpan[], at: number): boolean =>
  spans.some((span) => span.since <= at && at < endOf(span));

/** Instants that lie in one of the two sets of spans but not in both. */
const difference = (before: readonly BlindSpan[], after: readonly BlindSpan[]): BlindSpan[] => {
  const edges = [...new Set([...before, ...after].flatMap((span) => [span.since as number, endOf(span)]))];
  edges.sort((a, b) => a - b);
  const result: BlindSpan[] = [];
  edges.forEach((from, index) => {
    const until = edges[index + 1];
    if (until === undefined || covers(before, from) === covers(after, from)) return;
    result.push({ since: epochMs(from), until: until === FOREVER ? null : epochMs(until) });
  });
  return result;
};

/**
 * Brings stored spans in line with those that were found by looking at everything from `from` on. What lies before
 * `from` is kept: a span that was open then goes on with its old beginning, or ends where the found ones begin.
 */
export const reconcileSpans = (
  stored: readonly BlindSpan[],
  found: readonly BlindSpan[],
  from: EpochMs,
): SpanChange => {
  const clipped = found
    .filter((span) => endOf(span) > from)
    .map((span): BlindSpan => ({ since: epochMs(Math.max(span.since, from)), until: span.until }));
  const wanted: BlindSpan[] = [];
  for (const span of stored) {
    if (span.since >= from) continue;
    if (endOf(span) < from) wanted.push(span);
    else {
      const next = clipped[0];
      if (next !== undefined && next.since <= from) {
        clipped.shift();
        wanted.push({ since: span.since, until: next.until });
      } else wanted.push({ since: span.since, until: from });
    }
  }
  wanted.push(...clipped);
  const isSame = (a: BlindSpan) => (b: BlindSpan) => a.since === b.since && a.until === b.until;
  return {
    removed: stored.filter((span) => !wanted.some((one) => one.since === span.since)).map((span) => span.since),
    written: wanted.filter((span) => !stored.some(isSame(span))),
    touched: difference(stored, wanted),
  };
};
