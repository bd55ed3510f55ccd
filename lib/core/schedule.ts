import type { DurationMs, EpochMs } from "./units.ts";
import { durationMs, epochMs } from "./units.ts";

/** FNV-1a, 32 bit: small, stable over releases and well spread. Source: draft-eastlake-fnv. */
const fnv1a32 = (text: string): number => {
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

/** Starts at different locations lie within this share of the interval, and within this time. */
const STAGGER_SHARE = 0.1;
const LONGEST_STAGGER_MS = 1_000;

/**
 * How long after a slot's instant a location starts its run: the locations of a probe, in the order of their ids, share out
 * a tenth of the interval, at most a second, so that they do not meet at the target. The same for every slot, so that the
 * gaps between runs are exact; 0 for the only location of a probe and for one that the probe does not name.
 */
export const staggerOf = (
  { intervalMs, locations }: { readonly intervalMs: DurationMs; readonly locations: readonly string[] },
  locationId: string,
): DurationMs => {
  if (locations.length < 2 || !locations.includes(locationId)) return durationMs(0);
  const span = Math.min(intervalMs * STAGGER_SHARE, LONGEST_STAGGER_MS);
  const place = locations.filter((id) => id < locationId).length;
  return durationMs(Math.floor((span * place) / locations.length));
};
