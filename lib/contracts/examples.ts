import type { AlertResource, ServiceResource, SloResource } from "./api.ts";

/** One coherent story for the documentation: a shop that fails for half an hour. A test parses each with its schema. */

export const SERVICE_EXAMPLE: ServiceResource = {
  id: "shop",
  name: "Shop API",
  description: null,
  group: "Shopping",
  state: "major_outage",
  measuredState: "major_outage",
  stateSince: "2026-11-03T14:01:30.000Z",
  probes: [{ id: "shop-home", type: "http", interval: "30s", locations: ["fra"] }],
  sloIds: ["shop-availability"],
  createdAt: "2026-10-01T08:00:00.000Z",
  updatedAt: "2026-10-01T08:00:00.000Z",
};

export const SLO_EXAMPLE: SloResource = {
  id: "shop-availability",
  serviceId: "shop",
  sli: { kind: "availability" },
  probes: ["shop-home"],
  objective: "99.9",
  window: { kind: "rolling", duration: "28d" },
  burnRateAlerts: [
    { pair: "page_1h_5m", severity: "page", long: "1h", short: "5m", factor: "13.44", minBadLong: 3, minBadShort: 2 },
  ],
  reading: {
    evaluatedAt: "2026-11-03T14:04:00.000Z",
    good: 80_631,
    bad: 9,
    total: 80_640,
    expected: 80_640,
    coverageRatio: "1",
    attainedRatio: "0.999888393",
    isMet: true,
    budget: { consumedRatio: "0.111607143", remainingRatio: "0.888392857", exhaustedInSeconds: 28_661 },
  },
  firingAlertIds: ["alt_019a48f0a1b27c3d8e4f5a6b7c8d9e0f"],
  createdAt: "2026-10-01T08:00:00.000Z",
  updatedAt: "2026-10-01T08:00:00.000Z",
};

export const ALERT_EXAMPLE: AlertResource = {
  id: "alt_019a48f0a1b27c3d8e4f5a6b7c8d9e0f",
  sloId: "shop-availability",
  serviceId: "shop",
  pair: "page_1h_5m",
  number: 1,
  severity: "page",
  state: "firing",
  hasData: true,
  firedAt: "2026-11-03T14:04:00.000Z",
  resolvedAt: null,
  resolveReason: null,
  evaluatedAt: "2026-11-03T14:04:00.000Z",
  objective: "99.9",
  window: "28d",
  windows: {
    long: { duration: "1h", bad: 9, total: 120, expected: 120, burnRate: "75", threshold: "13.44" },
    short: { duration: "5m", bad: 9, total: 10, expected: 10, burnRate: "900", threshold: "13.44" },
  },
  budget: { consumedRatio: "0.111607143", remainingRatio: "0.888392857", exhaustedInSeconds: 28_661 },
  probes: ["shop-home"],
  locations: ["fra"],
};

export const RESOLVED_ALERT_EXAMPLE: AlertResource = {
  ...ALERT_EXAMPLE,
  state: "resolved",
  resolvedAt: "2026-11-03T14:12:00.000Z",
  resolveReason: "recovered",
  evaluatedAt: "2026-11-03T14:12:00.000Z",
  windows: {
    long: { duration: "1h", bad: 14, total: 120, expected: 120, burnRate: "116.666666667", threshold: "13.44" },
    short: { duration: "5m", bad: 0, total: 10, expected: 10, burnRate: "0", threshold: "13.44" },
  },
};
