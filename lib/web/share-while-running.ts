/** Callers that come while `work` runs get its answer instead of starting it again. */
export const shareWhileRunning = <T>(work: () => Promise<T>): (() => Promise<T>) => {
  let running: Promise<T> | null = null;
  return () => {
    running ??= work().finally(() => {
      running = null;
    });
    return running;
  };
};
