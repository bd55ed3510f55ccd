const TICK_MS = 10;
/** A tick that comes later than this was held up by the machine. */
const LONGEST_TICK_MS = 2 * TICK_MS;

/**
 * Starts a stopwatch for what must end in time; the returned function ends it and gives milliseconds. Time in which a
 * busy machine gave this process no processor is not counted, so that a test fails for what the code did alone: counted
 * are the turns of the event loop, or the processor's time if that is more, because work that blocks the loop is ours.
 */
export const startStopwatch = (): (() => number) => {
  const startedAt = performance.now();
  const cpuAtStart = process.cpuUsage();
  let loopMs = 0;
  let lastAt = startedAt;
  const tick = (): void => {
    const now = performance.now();
    loopMs += Math.min(now - lastAt, LONGEST_TICK_MS);
    lastAt = now;
  };
  const timer = setInterval(tick, TICK_MS).unref();
  return () => {
    clearInterval(timer);
    tick();
    const cpu = process.cpuUsage(cpuAtStart);
    return Math.min(lastAt - startedAt, Math.max(loopMs, (cpu.user + cpu.system) / 1_000));
  };
};

/**
 * Milliseconds of the quickest of a few tries, which end with the first that takes less than `enoughMs`: how long the work
 * takes when the machine does not happen to do something else, whoever does the work.
 */
export const quickestMs = async (enoughMs: number, work: () => Promise<unknown>, most = 4): Promise<number> => {
  let quickest = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < most && quickest >= enoughMs; tries += 1) {
    const startedAt = performance.now();
    await work();
    quickest = Math.min(quickest, performance.now() - startedAt);
  }
  return quickest;
};
