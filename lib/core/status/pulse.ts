import type { EpochMs } from "../units.ts";
import { addMs, MINUTE_MS } from "../units.ts";

/** What the parts of the engine last did, as the database knows it. */
export type Pulse = {
  /** As of when the published figures are; null: nothing was published yet. */
  readonly dataAsOf: EpochMs | null;
  /** Minutes before this instant are closed; null: none is. */
  readonly closedUntil: EpochMs | null;
  /** When an SLO was last judged; null: there is none to be judged. */
  readonly evaluatedAt: EpochMs | null;
  /** The oldest delivery that could be made and that nobody holds; null: none waits. */
  readonly oldestDue: EpochMs | null;
  /** When the newest attempt of any delivery began; null: there was none lately. */
  readonly lastAttemptAt: EpochMs | null;
};

const DATA_AGE_MS = 3 * MINUTE_MS;
const MINUTES_BEHIND_MS = 5 * MINUTE_MS;
const DELIVERY_WAIT_MS = 2 * MINUTE_MS;

const isOlder = (at: EpochMs | null, now: EpochMs, ms: number): boolean => at === null || at < addMs(now, -ms);

/**
 * Why this installation cannot be said to watch; null: it does. An alert takes the whole way from a run to a delivery, so
 * every part of it has to move. A receiver that is away is none of it, as long as attempts are made.
 */
export const pulseFault = (pulse: Pulse, now: EpochMs): string | null => {
  if (isOlder(pulse.dataAsOf, now, DATA_AGE_MS)) return "no fresh results";
  if (isOlder(pulse.closedUntil, now, MINUTES_BEHIND_MS)) return "minutes are not closed";
  if (pulse.evaluatedAt !== null && isOlder(pulse.evaluatedAt, now, MINUTES_BEHIND_MS)) return "SLOs are not judged";
  const isWaiting = pulse.oldestDue !== null && isOlder(pulse.oldestDue, now, DELIVERY_WAIT_MS);
  return isWaiting && isOlder(pulse.lastAttemptAt, now, DELIVERY_WAIT_MS) ? "deliveries do not flow" : null;
};
