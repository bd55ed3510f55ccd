import type { AlertSeverity } from "../definitions.ts";
import type { PairReading, Reading, WindowReading } from "./reading.ts";

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
