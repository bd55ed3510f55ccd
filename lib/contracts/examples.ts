import type { z } from "zod";
import type { BurnRateAlertResource } from "./alerts.ts";
import type { ServiceResource, SloResource } from "./api.ts";
import type { ApiKeyResource } from "./api-keys.ts";
import type { SilenceResource } from "./silences.ts";

type BurnRateAlert = z.infer<typeof BurnRateAlertResource>;

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
  document: {
    owner: "Shop team",
    reviewers: ["Ana"],
    approver: "Bo",
    reviewDate: "2027-01-31",
    reviewOverdue: false,
    rationale: "Below this customers call us.",
    runbook: "https://wiki.example.com/shop",
  },
  budgetPolicy: [
    {
      remainingBelow: "0",
      action: "freeze",
      owner: "Shop team",
      escalation: "CTO",
      note: null,
      from: null,
      until: null,
    },
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
    raw: {
      good: 80_631,
      bad: 9,
      total: 80_640,
      attainedRatio: "0.999888393",
      isMet: true,
      budget: { consumedRatio: "0.111607143", remainingRatio: "0.888392857", exhaustedInSeconds: 28_661 },
    },
    isAdjusted: false,
  },
  firingAlertIds: ["alt_019a48f0a1b27c3d8e4f5a6b7c8d9e0f"],
  createdAt: "2026-10-01T08:00:00.000Z",
  updatedAt: "2026-10-01T08:00:00.000Z",
};

export const ALERT_EXAMPLE: BurnRateAlert = {
  kind: "burn_rate",
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
    long: {
      duration: "1h",
      bad: 9,
      total: 120,
      expected: 120,
      burnRate: "75",
      threshold: "13.44",
      budgetSpentRatio: "0.111607143",
    },
    short: {
      duration: "5m",
      bad: 9,
      total: 10,
      expected: 10,
      burnRate: "900",
      threshold: "13.44",
      budgetSpentRatio: "0.111607143",
    },
  },
  budget: { consumedRatio: "0.111607143", remainingRatio: "0.888392857", exhaustedInSeconds: 28_661 },
  probes: ["shop-home"],
  locations: ["fra"],
  summary:
    "shop-availability of shop spends its error budget 75 times too fast over 1h and 900 times over 5m (it alerts above 13.44): 9 of 120 were bad in 1h. 11.2 % of the budget of 28d is spent; at the rate of the last hour the rest lasts 8 h. Failing: shop-home from fra.",
  silencedBy: [],
  inhibitedBy: [],
  mutedBy: [],
  acknowledgement: null,
  links: {
    self: "https://status.example.com/v1/alerts/alt_019a48f0a1b27c3d8e4f5a6b7c8d9e0f",
    dashboard: "https://status.example.com/admin/slos/shop-availability",
    runbook: null,
  },
};

export const RESOLVED_ALERT_EXAMPLE: BurnRateAlert = {
  ...ALERT_EXAMPLE,
  state: "resolved",
  resolvedAt: "2026-11-03T14:12:00.000Z",
  resolveReason: "recovered",
  summary:
    "The alert on shop-availability of shop is over after 8 min: it recovered. 11.2 % of the budget of 28d is spent; at the rate of the last hour the rest lasts 8 h.",
  evaluatedAt: "2026-11-03T14:12:00.000Z",
  windows: {
    long: {
      duration: "1h",
      bad: 14,
      total: 120,
      expected: 120,
      burnRate: "116.666666667",
      threshold: "13.44",
      budgetSpentRatio: "0.173611111",
    },
    short: {
      duration: "5m",
      bad: 0,
      total: 10,
      expected: 10,
      burnRate: "0",
      threshold: "13.44",
      budgetSpentRatio: "0",
    },
  },
};

export const SILENCE_EXAMPLE: SilenceResource = {
  id: "sil_019a48f0a1c27c3d8e4f5a6b7c8d9e11",
  state: "active",
  matchers: { serviceIds: ["shop"], sloIds: [], pairs: [], severities: ["ticket"] },
  startsAt: "2026-11-03T14:06:00.000Z",
  endsAt: "2026-11-03T16:06:00.000Z",
  author: "Ada",
  comment: "known: the cart is being rebuilt",
  expiredAt: null,
  createdAt: "2026-11-03T14:06:00.000Z",
};

export const KEY_EXAMPLE: ApiKeyResource = {
  id: "key_019a48f0a1d27c3d8e4f5a6b7c8d9e12",
  name: "deploy pipeline",
  scopes: ["silences:write"],
  state: "active",
  apiVersion: "2026-11-01",
  createdBy: "cli",
  createdAt: "2026-11-01T09:00:00.000Z",
  expiresAt: "2027-02-01T09:00:00.000Z",
  lastUsedAt: null,
  revokedAt: null,
  replacedBy: null,
};
