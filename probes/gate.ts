export type Gate = {
  /** Calls `start` as soon as there is room, perhaps at once. A `start` that returns false gives its place up. */
  readonly enter: (key: string, start: () => boolean) => void;
  /** Must be called once for each `start` that returned true. */
  readonly leave: (key: string) => void;
  readonly active: () => number;
};

type Waiter = { readonly key: string; readonly start: () => boolean };
type Place = { active: number; readonly queue: Waiter[] };

/** Bounds how many run at once: in all, and for each key. Whoever finds no room waits in order of arrival. */
export const createGate = ({ maxTotal, maxPerKey }: { maxTotal: number; maxPerKey: number }): Gate => {
  const places = new Map<string, Place>();
  const waiting: Waiter[] = [];
  let active = 0;

  const placeOf = (key: string): Place => {
    const place = places.get(key) ?? { active: 0, queue: [] };
    places.set(key, place);
    return place;
  };

  /** A waiter that holds a place of its key takes one of all, or waits for it. */
  const admit = (waiter: Waiter): void => {
    if (active >= maxTotal) {
      waiting.push(waiter);
      return;
    }
    active += 1;
    if (!waiter.start()) release(waiter.key);
  };

  const release = (key: string): void => {
    active -= 1;
    const place = placeOf(key);
    const next = place.queue.shift();
    if (next === undefined) {
      place.active -= 1;
      if (place.active === 0) places.delete(key);
    } else waiting.push(next);
    while (active < maxTotal) {
      const waiter = waiting.shift();
      if (waiter === undefined) return;
      admit(waiter);
    }
  };

  const enter = (key: string, start: () => boolean): void => {
    const place = placeOf(key);
    if (place.active >= maxPerKey) {
      place.queue.push({ key, start });
      return;
    }
    place.active += 1;
    admit({ key, start });
  };

  return { enter, leave: release, active: () => active };
};
