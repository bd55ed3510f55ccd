/**
 * Numbers that look random and are the same for the same seed: a simulation can be repeated by anyone.
 * Returns doubles within [0, 1) with 32 bits. Source: mulberry32 by Tommy Ettinger, public domain.
 */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
};
