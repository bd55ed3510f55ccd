import type { EpochMs } from "#lib/core/units.ts";
import { addMs } from "#lib/core/units.ts";
import type { Clock } from "#lib/runtime/clock.ts";

/** Smaller differences are within what slots and the network's own delay hide. */
const WORTH_CORRECTING_MS = 1_000;

export type ServerClock = Clock & {
  /** Server's clock minus this machine's, as last measured; null before the first answer. */
  readonly offsetMs: () => number | null;
  /** Takes what the server's clock showed when this machine's showed `localMs`. */
  readonly observe: (serverMs: number, localMs: EpochMs) => void;
};

/**
 * The clock of an agent: this machine's, put right by the server's where the two differ by a second or more. Slots are
 * named by the wall clock, so a location whose clock is wrong would otherwise report about minutes that are not these.
 */
export const createServerClock = (local: Clock, onCorrected: (offsetMs: number) => void): ServerClock => {
  let measuredMs: number | null = null;
  let appliedMs = 0;
  return {
    monotonicMs: local.monotonicMs,
    sleep: local.sleep,
    now: () => addMs(local.now(), appliedMs),
    offsetMs: () => measuredMs,
    observe: (serverMs, localMs) => {
      measuredMs = Math.round(serverMs - localMs);
      const wanted = Math.abs(measuredMs) < WORTH_CORRECTING_MS ? 0 : measuredMs;
      if (Math.abs(wanted - appliedMs) < WORTH_CORRECTING_MS) return;
      appliedMs = wanted;
      onCorrected(appliedMs);
    },
  };
};
