import type { DurationMs, EpochMs } from "../units.ts";
import { durationMs } from "../units.ts";
import { LONGEST_RETRY_AFTER_MS } from "./ladder.ts";

const SECONDS = /^\d{1,10}$/;
/** IMF-fixdate of RFC 9110, the form that senders must use. Looser texts are not dates here. */
const HTTP_DATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * The wait that a `Retry-After` value asks for, at most 6 h: whole seconds or an HTTP date (RFC 9110, 10.2.3).
 * A date in the past asks for no wait. Null when the value is absent or makes no sense; the ladder decides then.
 */
export const retryAfterOf = (value: string | null, now: EpochMs): DurationMs | null => {
  const text = value?.trim() ?? "";
  const longest = LONGEST_RETRY_AFTER_MS;
  if (/^\d+$/.test(text)) {
    return SECONDS.test(text) ? durationMs(Math.min(Number(text) * 1_000, longest)) : longest;
  }
  if (!HTTP_DATE.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : durationMs(Math.min(Math.max(0, at - now), longest));
};
