import { nextSlotAt } from "../schedule.ts";
import type { DurationMs, EpochMs } from "../units.ts";
import { addMs, epochMs } from "../units.ts";

/** A probe whose runs are due at its slots. */
export type DueProbe = {
  readonly id: string;
  readonly intervalMs: DurationMs;
  readonly timeoutMs: DurationMs;
  /** No run is due before: its first run, or its definition's coming into force. */
  readonly since: EpochMs;
};

/** A run may start a second after its slot, and after its whole timeout it still has to be recorded and read. */
const ARRIVAL_MS = 4_000;

/**
 * Up to when what is known of the probes is all there is to know: the instant of the first slot that was due after the newest
 * run and of which no run has come; `now` when none is missing, also when nothing was due. A run from any location will do:
 * one location that is cut off does not make the whole page old, its own coverage tells of it.
 * @param newest Scheduled instant of the newest run that has come; null: none is known.
 */
export const dataAsOf = (
  probes: Iterable<DueProbe>,
  { now, newest }: { now: EpochMs; newest: EpochMs | null },
): EpochMs => {
  let asOf = now;
  // A clock that is ahead of ours must not hide that runs have stopped for longer than it is ahead.
  const heard = newest === null ? null : addMs(epochMs(Math.min(newest, now)), 1);
  for (const { id, intervalMs, timeoutMs, since } of probes) {
    const slot = nextSlotAt(id, intervalMs, epochMs(Math.max(since, heard ?? since)));
    if (slot < asOf && slot + timeoutMs + ARRIVAL_MS <= now) asOf = slot;
  }
  return asOf;
};
