import type { AlertSeverity } from "#lib/core/definitions.ts";
import type { PairReading, Reading, WindowReading } from "#lib/core/slo/reading.ts";

/** One window with the limit of the first pair that looks at it. */
export type BurnWindowRow = WindowReading & { readonly factor: string; readonly severity: AlertSeverity };

/** Every window of the policy once, shortest first. */
export const burnWindows = ({ pairs }: Reading): readonly BurnWindowRow[] => {
  const rows = new Map<number, BurnWindowRow>();
  const add = (window: WindowReading, { factor, severity }: PairReading) => {
    if (!rows.has(window.minutes)) rows.set(window.minutes, { ...window, factor, severity });
  };
  for (const pair of pairs) {
    add(pair.long, pair);
    add(pair.short, pair);
  }
  return [...rows.values()].sort((a, b) => a.minutes - b.minutes);
};

/** A factor as a number for drawing: a decimal ("14.4") or a fraction ("14/15"). Comparisons are the engine's. */
export const factorNumber = (factor: string): number => {
  const [numerator, denominator] = factor.split("/").map(Number);
  return (numerator ?? 0) / (denominator ?? 1);
};

/** Where a burn rate stands on a logarithmic scale from 0.1 to 1,000 that is 200 units long. */
export const burnPosition = (rate: number): number =>
  rate <= 0 ? 0 : Math.round(Math.min(200, Math.max(0, 50 + 50 * Math.log10(rate))) * 10) / 10;
