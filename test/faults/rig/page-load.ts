/** What a steady stream of page requests saw. */
export type LoadResult = {
  readonly requests: number;
  readonly failures: readonly string[];
  /** Milliseconds at the 50th and 99th percentile. */
  readonly p50Ms: number;
  readonly p99Ms: number;
};

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

/** Asks for `paths` in turn at a steady rate until the signal aborts. A request fails when it is not 200 or takes over 2 s. */
export const loadPage = async (args: {
  url: string;
  paths: readonly string[];
  requestsPerSecond: number;
  signal: AbortSignal;
}): Promise<LoadResult> => {
  const { url, paths, requestsPerSecond, signal } = args;
  const durations: number[] = [];
  const failures: string[] = [];
  const underWay = new Set<Promise<void>>();
  const ask = async (path: string): Promise<void> => {
    const from = performance.now();
    try {
      const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(2_000) });
      await response.arrayBuffer();
      if (response.status !== 200) failures.push(`${path}: ${response.status}`);
    } catch (error) {
      failures.push(`${path}: ${String(error)}`);
    }
    durations.push(performance.now() - from);
  };
  const startedAt = performance.now();
  for (let sent = 0; !signal.aborted; sent += 1) {
    const request = ask(paths[sent % paths.length] as string).finally(() => underWay.delete(request));
    underWay.add(request);
    const waitMs = startedAt + ((sent + 1) / requestsPerSecond) * 1_000 - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  await Promise.all(underWay);
  durations.sort((a, b) => a - b);
  return {
    requests: durations.length,
    failures,
    p50Ms: percentile(durations, 0.5),
    p99Ms: percentile(durations, 0.99),
  };
};
