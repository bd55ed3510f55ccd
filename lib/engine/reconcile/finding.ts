import type { FindingKind, FindingResource } from "#lib/contracts/reconciliation.ts";

const MOST_EXAMPLES = 10;

/** One kind of things that do not agree; null when all of them do. */
export const findingOf = (kind: FindingKind, names: readonly string[], repaired = 0): FindingResource | null =>
  names.length === 0
    ? null
    : {
        kind,
        count: names.length,
        repaired,
        examples: names.slice(0, MOST_EXAMPLES).map((name) => name.slice(0, 300)),
      };

/** How many of the things found were not mended. */
export const leftOf = ({ count, repaired }: FindingResource): number => count - repaired;
