/** What a scenario found: figures to print, and what did not hold, as sentences. */
export type ScenarioResult = {
  readonly figures: Readonly<Record<string, number | string>>;
  /** Empty: the scenario passed. */
  readonly faults: readonly string[];
};

/** Numbers in [0, 1) that repeat for the same seed (mulberry32). */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
};

/** A seed for a run that none was given for. */
export const newSeed = (): number => Math.floor(Math.random() * 0x1_0000_0000);

/** The value that `share` of the values do not exceed; NaN without values. */
export const percentileOf = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Undoes what a scenario made, newest first, whatever became of it. */
export const withCleanup = async <T>(
  work: (later: (undo: () => Promise<unknown>) => void) => Promise<T>,
): Promise<T> => {
  const undos: (() => Promise<unknown>)[] = [];
  try {
    return await work((undo) => void undos.push(undo));
  } finally {
    for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) await undo().catch(() => undefined);
  }
};
