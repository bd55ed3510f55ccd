import type { ClaimedDelivery } from "#db/queries/deliveries.ts";

/** Who waits for a receiver's answer. What is only being recorded keeps none of its endpoint's places. */
export type Places = {
  readonly take: (delivery: ClaimedDelivery) => void;
  /** Gives a place up. Returns whether something may wait for it; false too when it was given up before. */
  readonly leave: (delivery: ClaimedDelivery) => boolean;
  /** How many are taken, by endpoint. */
  readonly busy: () => Map<string, number>;
  /** Tells that a claim begins (null) or how many it found. */
  readonly noteClaim: (found: number | null) => void;
};

/**
 * A claim takes everything that there was room for when it began. So something can wait only for a place of an endpoint
 * that was full, or for one that became free while a claim was under way or since one that found something.
 */
export const createPlaces = (): Places => {
  const taken = new Set<ClaimedDelivery>();
  let mayFindMore = true;
  const busy = (): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const { endpointId } of taken) counts.set(endpointId, (counts.get(endpointId) ?? 0) + 1);
    return counts;
  };
  return {
    take: (delivery) => void taken.add(delivery),
    leave: (delivery) => {
      const wasFull = (busy().get(delivery.endpointId) ?? 0) >= delivery.maxInFlight;
      return taken.delete(delivery) && (wasFull || mayFindMore);
    },
    busy,
    noteClaim: (found) => {
      mayFindMore = found !== 0;
    },
  };
};
