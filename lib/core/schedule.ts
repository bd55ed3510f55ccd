import type { DurationMs, EpochMs } from "./units.ts";
import { durationMs, epochMs } from "./units.ts";

/** FNV-1a, 32 bit: small, stable over releases and well spread. Source: draft-eastlake-fnv. */
export const fnv1a32 = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  // One round of murmur's finalizer: FNV alone leaves ids that differ in the last character close together.
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  return hash >>> 0;
};

/**
 * Where inside its interval a probe's slots lie: 0 <= phase < interval, in whole milliseconds.
 * It depends on the probe only, so that all locations share the slot's instant.
 */
export const phaseOf = (probeId: string, intervalMs: DurationMs): DurationMs =>
  durationMs(Math.floor((fnv1a32(probeId) / 0x1_0000_0000) * intervalMs));

/** The first slot at or after `from`. Slots lie at `phase + k * interval` from the epoch. */
export const nextSlotAt = (probeId: string, intervalMs: DurationMs, from: EpochMs): EpochMs => {
  const phase = phaseOf(probeId, intervalMs);
  return epochMs(Math.ceil((from - phase) / intervalMs) * intervalMs + phase);
};

/** How many slots lie in the half-open span [from, until). */
export const slotsWithin = (probeId: string, intervalMs: DurationMs, from: EpochMs, until: EpochMs): number => {
  if (until <= from) return 0;
  const phase = phaseOf(probeId, intervalMs);
  return Math.ceil((until - phase) / intervalMs) - Math.ceil((from - phase) / intervalMs);
};
