export type Gate = {
  /** Calls `start` as soon as there is room, perhaps at once. A `start` that returns false gives its place up. */
  readonly enter: (key: string, start: () => boolean) => void;
  /** Must be called once for each `start` that returned true. */
  readonly leave: (key: string) => void;
  /**
   * Takes a place only while half of the places are free, for work that others do not wait for. `giveWay` is called at most
   * once, when somebody who enters finds no room. Returns how to leave, or null when there is no such place.
   */
  readonly enterSpare: (key: string, giveWay: (() => void) | null) => (() => void) | null;
  readonly active: () => number;
};

type Waiter = { readonly key: string; readonly start: () => boolean };
type Place = { active: number; readonly queue: Waiter[] };
type Spare = { readonly key: string; readonly giveWay: () => void };

/** Those in spare places that were not asked to give way yet, in order of arrival. */
const createSpares = () => {
  const spares = new Set<Spare>();
  return {
    add: (key: string, giveWay: (() => void) | null): (() => void) => {
      if (giveWay === null) return () => undefined;
      const spare = { key, giveWay };
      spares.add(spare);
      return () => void spares.delete(spare);
    },
    /** One of this key, or any. */
    askOne: (wanted: string | null): void => {
      const spare = [...spares].find(({ key }) => wanted === null || key === wanted);
      if (spare === undefined) return;
      spares.delete(spare);
      spare.giveWay();
    },
  };
};

/** Bounds how many run at once: in all, and for each key. Whoever finds no room waits in order of arrival. */
export const createGate = ({ maxTotal, maxPerKey }: { maxTotal: number; maxPerKey: number }): Gate => {
  const places = new Map<string, Place>();
  const waiting: Waiter[] = [];
  const spares = createSpares();
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
      spares.askOne(null);
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
      spares.askOne(key);
      return;
    }
    place.active += 1;
    admit({ key, start });
  };

  const enterSpare = (key: string, giveWay: (() => void) | null): (() => void) | null => {
    if (active >= maxTotal / 2 || (places.get(key)?.active ?? 0) >= maxPerKey / 2) return null;
    placeOf(key).active += 1;
    active += 1;
    const forget = spares.add(key, giveWay);
    return () => {
      forget();
      release(key);
    };
  };

  return { enter, leave: release, enterSpare, active: () => active };
};
