import type { LiveRun } from "#db/queries/live-runs.ts";
import type { SlotReport } from "#lib/core/slot.ts";
import type { EpochMs } from "#lib/core/units.ts";

/** All that has arrived about one scheduled instant of a probe. */
type LiveSlot = { readonly at: EpochMs; readonly reports: Map<number, SlotReport> };

export type LiveSlots = {
  /** A run that is there already is left alone, so that overlapping reads change nothing. */
  readonly add: (runs: readonly LiveRun[]) => void;
  /** Oldest first. */
  readonly slotsOf: (probeNo: number) => readonly LiveSlot[];
  /** Forgets slots before an instant, and probes that are not named. */
  readonly prune: (keepFrom: ReadonlyMap<number, EpochMs>) => void;
  readonly clear: () => void;
};

/** The live window of every probe in memory: what has arrived lately, by probe and slot. */
export const createLiveSlots = (): LiveSlots => {
  const byProbe = new Map<number, LiveSlot[]>();

  /** Slots arrive nearly in order, so the place is close to the end. */
  const slotAt = (slots: LiveSlot[], at: EpochMs): LiveSlot => {
    let index = slots.length;
    while (index > 0 && (slots[index - 1] as LiveSlot).at > at) index -= 1;
    const before = slots[index - 1];
    if (before?.at === at) return before;
    const slot: LiveSlot = { at, reports: new Map() };
    slots.splice(index, 0, slot);
    return slot;
  };

  return {
    add: (runs) => {
      for (const run of runs) {
        let slots = byProbe.get(run.probeNo);
        if (slots === undefined) {
          slots = [];
          byProbe.set(run.probeNo, slots);
        }
        const { reports } = slotAt(slots, run.scheduledAt);
        if (!reports.has(run.locationNo)) reports.set(run.locationNo, { class: run.class, durationUs: run.durationUs });
      }
    },
    slotsOf: (probeNo) => byProbe.get(probeNo) ?? [],
    prune: (keepFrom) => {
      for (const [probeNo, slots] of byProbe) {
        const from = keepFrom.get(probeNo);
        if (from === undefined) byProbe.delete(probeNo);
        else {
          const kept = slots.findIndex((slot) => slot.at >= from);
          slots.splice(0, kept === -1 ? slots.length : kept);
        }
      }
    },
    clear: () => byProbe.clear(),
  };
};
