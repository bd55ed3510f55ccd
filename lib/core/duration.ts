import type { DurationMs } from "./units.ts";
import { DAY_MS, durationMs, HOUR_MS, MINUTE_MS, SECOND_MS } from "./units.ts";

const UNIT_MS = { ms: 1, s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS } as const;
type Unit = keyof typeof UNIT_MS;
const PATTERN = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d|w)$/;

/** Reads "30s", "1.5h" or "800ms". Null when the text is not a whole number of milliseconds with a unit. */
export const parseDuration = (text: string): DurationMs | null => {
  const match = PATTERN.exec(text);
  if (match === null) return null;
  const ms = Number(match[1]) * UNIT_MS[match[2] as Unit];
  return Number.isSafeInteger(ms) ? durationMs(ms) : null;
};

/** Writes a duration in the largest unit that divides it: 90,000 ms is "90s", 3,600,000 ms is "1h". Weeks are written as days. */
export const formatDuration = (duration: DurationMs): string => {
  const units: readonly Unit[] = ["d", "h", "m", "s"];
  const unit = duration === 0 ? undefined : units.find((name) => duration % UNIT_MS[name] === 0);
  return unit === undefined ? `${duration}ms` : `${duration / UNIT_MS[unit]}${unit}`;
};
