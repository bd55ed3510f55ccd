import { counter, gauge, histogram } from "#lib/runtime/metrics.ts";
import type { PageCacheStats } from "./page-entry.ts";

const DURATION_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

export type WebMetrics = {
  /** Rate, errors and duration of every answer. `route` is a pattern, never a path that a client chose. */
  readonly observe: (route: string, method: string, status: number, durationMs: number) => void;
  /** Adds what the page cache did since the last call. */
  readonly notePageCache: (stats: PageCacheStats, dataAgeMs: number | null) => void;
  readonly setConnections: (open: number) => void;
};

const METHODS = new Set(["GET", "HEAD", "POST", "OPTIONS"]);

/** The web role's own metrics in the registry of the process. */
export const createWebMetrics = (): WebMetrics => {
  const requests = counter({
    name: "nines_http_requests_total",
    help: "Answered requests by route, method and status.",
    labels: ["route", "method", "status"],
  });
  const durations = histogram({
    name: "nines_http_request_duration_seconds",
    help: "Time from the request's head to the end of the answer, by route.",
    labels: ["route"],
    buckets: DURATION_BUCKETS,
  });
  const cacheEvents = counter({
    name: "nines_page_cache_events_total",
    help: "What the page cache did: hit, wait, finish, render, render_failure.",
    labels: ["event"],
  });
  const dataAge = gauge({ name: "nines_page_data_age_seconds", help: "Age of the data that the page shows." });
  const connections = gauge({ name: "nines_http_connections", help: "Open connections." });
  let last: PageCacheStats = { renders: 0, renderFailures: 0, finishes: 0, hits: 0, waits: 0 };

  return {
    observe: (route, method, status, durationMs) => {
      requests.inc({ route, method: METHODS.has(method) ? method : "other", status });
      durations.observe({ route }, durationMs / 1_000);
    },
    notePageCache: (stats, dataAgeMs) => {
      cacheEvents.inc({ event: "hit" }, stats.hits - last.hits);
      cacheEvents.inc({ event: "wait" }, stats.waits - last.waits);
      cacheEvents.inc({ event: "finish" }, stats.finishes - last.finishes);
      cacheEvents.inc({ event: "render" }, stats.renders - last.renders);
      cacheEvents.inc({ event: "render_failure" }, stats.renderFailures - last.renderFailures);
      last = { ...stats };
      if (dataAgeMs !== null) dataAge.set(dataAgeMs / 1_000);
    },
    setConnections: (open) => connections.set(open),
  };
};
