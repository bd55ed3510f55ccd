/** The load that the API has to bear: how many callers there are at each moment, and what is good enough. */

export type Stage = { readonly seconds: number; readonly target: number };

/** From none to 50 callers, held; to 200, held; and down again. docs/load/k6.js has the same. */
export const STAGES: readonly Stage[] = [
  { seconds: 30, target: 50 },
  { seconds: 120, target: 50 },
  { seconds: 30, target: 200 },
  { seconds: 60, target: 200 },
  { seconds: 30, target: 0 },
];
export const THRESHOLDS = { p95Ms: 500, errorRatio: 0.01 } as const;
/** Read in turns, one a caller and second. */
export const LOADED_PATHS: readonly string[] = ["/v1/services", "/v1/slos", "/v1/alerts", "/v1/meta"];

/** Seconds that all stages take. */
export const lengthOf = (stages: readonly Stage[]): number => stages.reduce((sum, { seconds }) => sum + seconds, 0);

/** Callers at this moment (seconds from the start), in a straight line from stage to stage; 0 when all is over. */
export const callersAt = (stages: readonly Stage[], atSeconds: number): number => {
  let from = 0;
  let startsAt = 0;
  for (const { seconds, target } of stages) {
    const share = (atSeconds - startsAt) / seconds;
    if (share < 1) return Math.round(from + (target - from) * Math.max(0, share));
    startsAt += seconds;
    from = target;
  }
  return 0;
};

export type LoadSummary = { readonly requests: number; readonly errorRatio: number; readonly p95Ms: number };

/** Requests, share of those that failed, and the 95th percentile of how long they took. */
export const summaryOf = (durationsMs: readonly number[], failed: number): LoadSummary => {
  const sorted = [...durationsMs].sort((one, other) => one - other);
  const p95Ms = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))] ?? Infinity;
  return { requests: sorted.length, errorRatio: sorted.length === 0 ? 1 : failed / sorted.length, p95Ms };
};

/** Whether the load was borne well enough. */
export const isBorne = ({ p95Ms, errorRatio }: LoadSummary): boolean =>
  p95Ms < THRESHOLDS.p95Ms && errorRatio < THRESHOLDS.errorRatio;
