import type { Phases } from "#lib/core/outcome.ts";
import type { DurationUs } from "#lib/core/units.ts";
import { durationUs } from "#lib/core/units.ts";
import type { PhaseName } from "./types.ts";

/** Adds up where the time of a request goes; phases that come again on a later hop are summed. */
export type Stopwatch = {
  readonly phase: () => PhaseName;
  /** Ends the running phase and starts this one. */
  readonly enter: (phase: PhaseName) => void;
  /** A phase that needed no time at all, such as the look-up of a literal address. */
  readonly touch: (phase: PhaseName) => void;
  /** Ends the running phase. What follows, until the next `enter`, is nobody's time but counts into the total. */
  readonly pause: () => void;
  /** Ends the running phase and the total. Later calls change nothing. */
  readonly stop: () => void;
  readonly elapsedMs: () => number;
  readonly durationUs: () => DurationUs;
  readonly phasesUs: () => Phases;
};

const toUs = (ms: number | undefined): DurationUs | null =>
  ms === undefined ? null : durationUs(Math.max(0, ms) * 1_000);

/** Measures how long each phase of one run takes, on a monotonic clock in milliseconds. */
export const createStopwatch = (monotonicMs: () => number): Stopwatch => {
  const startedAt = monotonicMs();
  const spentMs = new Map<PhaseName, number>();
  let phase: PhaseName = "dns";
  let enteredAt: number | null = null;
  let stoppedAt: number | null = null;
  const pause = () => {
    if (enteredAt === null) return;
    spentMs.set(phase, (spentMs.get(phase) ?? 0) + monotonicMs() - enteredAt);
    enteredAt = null;
  };
  return {
    phase: () => phase,
    enter: (next) => {
      if (stoppedAt !== null) return;
      pause();
      phase = next;
      enteredAt = monotonicMs();
    },
    touch: (name) => {
      spentMs.set(name, spentMs.get(name) ?? 0);
    },
    pause,
    stop: () => {
      if (stoppedAt !== null) return;
      pause();
      stoppedAt = monotonicMs();
    },
    elapsedMs: () => monotonicMs() - startedAt,
    durationUs: () => durationUs(Math.max(0, (stoppedAt ?? monotonicMs()) - startedAt) * 1_000),
    phasesUs: () => ({
      dns: toUs(spentMs.get("dns")),
      connect: toUs(spentMs.get("connect")),
      tls: toUs(spentMs.get("tls")),
      firstByte: toUs(spentMs.get("first_byte")),
      transfer: toUs(spentMs.get("transfer")),
    }),
  };
};
