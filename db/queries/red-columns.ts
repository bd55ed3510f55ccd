import type { Histogram } from "#lib/core/histogram.ts";
import { encodeHistogram } from "#lib/core/histogram.ts";
import type { ByClass } from "#lib/core/red.ts";

/** A histogram as an element of the text of a `bytea[]`; null without any duration. */
export const byteaText = (histogram: Histogram | null): string =>
  histogram === null || histogram.size === 0
    ? "null"
    : `"\\\\x${Buffer.from(encodeHistogram(histogram)).toString("hex")}"`;

/** The classes other than `ok` as an element of the text of a `jsonb[]`; null when there is none. Names need no quoting. */
export const classesText = (byClass: ByClass): string => {
  const others = [...byClass].filter(([name]) => name !== "ok");
  return others.length === 0 ? "null" : `"{${others.map(([name, count]) => `\\"${name}\\":${count}`).join(",")}}"`;
};
