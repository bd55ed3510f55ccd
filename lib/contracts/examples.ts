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
    burnRate: "75",
    windows: [
      ...[
        {
          duration: "5m",
          bad: 9,
          total: 10,
          expected: 10,
          burnRate: "900",
          threshold: "13.44",
          severity: "page" as const,
        },
      ],
      { duration: "1h", bad: 9, total: 120, expected: 120, burnRate: "75", threshold: "13.44", severity: "page" },
    ],
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
  mode: "live",
  apiVersion: "2026-11-01",
  createdBy: "cli",
  createdAt: "2026-11-01T09:00:00.000Z",
  expiresAt: "2027-02-01T09:00:00.000Z",
  lastUsedAt: null,
  revokedAt: null,
  replacedBy: null,
};

export const ONE_PAGE = { limit: 20, hasNextPage: false, nextCursor: null, hasPrevPage: false, prevCursor: null };

export const PROBLEM_EXAMPLE = {
  type: "about:blank",
  title: "Invalid request",
  status: 400,
  detail: "the request has 1 fault",
  instance: "/v1/silences",
  code: "INVALID_REQUEST",
  message: "the request has 1 fault",
  errors: [{ field: "endsAt", message: "must be an instant such as 2026-11-03T14:00:00Z", code: "invalid_format" }],
  traceId: "0af7651916cd43dd8448eb211c80319c",
  requestId: "0af7651916cd43dd8448eb211c80319c",
};

/** Bodies of requests by operation, where one made from the schema would not show what it is for. */
export const BODY_EXAMPLES: Readonly<Record<string, unknown>> = {
  acknowledgeAlert: { author: "Ada", note: "the database is full; making room" },
  createSilence: { serviceIds: ["shop"], endsAt: "2026-11-03T16:06:00Z", comment: "known: the cart is being rebuilt" },
  createKey: { name: "deploy pipeline", scopes: ["silences:write"], expiresAt: "2027-02-01T09:00:00Z" },
  rotateKey: { graceDays: 7 },
  createEndpoint: { url: "https://hooks.example.org/alerts", events: ["alert.firing", "alert.resolved"] },
  changeEndpoint: { events: ["alert.firing", "alert.resolved", "incident.opened"] },
  createService: {
    id: "blog",
    name: "Blog",
    group: "Marketing",
    probes: [{ id: "blog-home", type: "http", url: "https://blog.example.com/", interval: "1m", locations: ["fra"] }],
    slos: [{ id: "blog-availability", sli: "availability", probes: ["blog-home"], objective: 99.5, window: "28d" }],
  },
  changeService: { name: "Company blog", description: "News for customers" },
  changeKey: { name: "grafana in Frankfurt" },
  revokeToken: { issuer: "https://idp.example.com", jti: "7d0b1f0e", reason: "the runner was stolen" },
  createProbe: {
    serviceId: "shop",
    id: "shop-cart",
    type: "http",
    url: "https://shop.example.com/cart",
    interval: "30s",
    locations: ["fra"],
    assertions: [{ type: "latency", op: "lt", value: "800ms" }],
  },
  changeProbe: { interval: "1m", timeout: "5s" },
  createSlo: {
    serviceId: "shop",
    id: "shop-latency",
    sli: "latency",
    threshold: "300ms",
    probes: ["shop-home"],
    objective: 99,
    window: "28d",
  },
  changeSlo: { objective: 99.5 },
  createExclusion: {
    sloId: "shop-availability",
    startsAt: "2026-11-03T14:00:00Z",
    endsAt: "2026-11-03T14:30:00Z",
    reason: "the load test hit production",
  },
  createIncident: {
    title: "Checkout fails for some customers",
    message: "We are looking into failed payments.",
    impact: "major",
    affected: [{ service: "shop" }],
  },
  createIncidentUpdate: { status: "identified", message: "A database is full; we are making room." },
  createSubscriber: { channel: "webhook", address: "https://hooks.example.org/status", skipConfirmation: true },
  changeSubscriber: { kinds: ["incidents"] },
  rescheduleMaintenance: { startsAt: "2026-11-10T03:00:00Z" },
  createStatement: { month: "2026-10" },
  createMaintenance: {
    title: "Database upgrade",
    serviceIds: ["shop"],
    startsAt: "2026-11-10T02:00:00Z",
    duration: "1h",
  },
};

/** Answers that are text. */
export const TEXT_EXAMPLES: Readonly<Record<string, string>> = {
  "text/plain": "OK",
  "text/html": "<!DOCTYPE html><title>Nines API</title>",
  "application/openmetrics-text": "# TYPE nines_runs counter\nnines_runs_total 42\n# EOF\n",
};
