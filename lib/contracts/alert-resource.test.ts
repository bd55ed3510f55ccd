import { expect, test } from "vitest";
import { roughly } from "#lib/core/alerting/describe.ts";
import { alertResource } from "./alert-resource.ts";
import { AlertResource, ThresholdAlertResource } from "./alerts.ts";
import { ALERT_EXAMPLE, RESOLVED_ALERT_EXAMPLE } from "./examples.ts";

type Facts = Parameters<typeof alertResource>[0];

const factsOf = (alert: typeof ALERT_EXAMPLE): Facts => {
  const { windows, evaluatedAt, objective, window, budget, probes, locations } = alert;
  const stored = ({ budgetSpentRatio: _spent, ...rest }: typeof windows.long) => rest;
  const both = { long: stored(windows.long), short: stored(windows.short) };
  return {
    ...alert,
    firedAtMs: Date.parse(alert.firedAt),
    resolvedAtMs: alert.resolvedAt === null ? null : Date.parse(alert.resolvedAt),
    pageUrl: "https://status.example.com",
    runbook: null,
    cause: {
      kind: "burn_rate",
      sloId: alert.sloId,
      reading: { evaluatedAt, objective, window, windows: both, budget, probes, locations },
    },
  };
};

test("the examples of the documentation are what the facts make", () => {
  expect(alertResource(factsOf(ALERT_EXAMPLE), { isPublic: true })).toEqual(ALERT_EXAMPLE);
  expect(alertResource(factsOf(RESOLVED_ALERT_EXAMPLE), { isPublic: true })).toEqual(RESOLVED_ALERT_EXAMPLE);
});

test("what everybody may read does not say who looks after it", () => {
  const acknowledgement = {
    id: "ack_1",
    author: "Ada",
    note: "on it",
    acknowledgedAt: "2026-11-03T14:05:00.000Z",
    expiresAt: null,
  };
  const facts = { ...factsOf(ALERT_EXAMPLE), acknowledgement };
  expect(alertResource(facts, { isPublic: false }).acknowledgement).toEqual(acknowledgement);
  const shown = alertResource(facts, { isPublic: true });
  expect(AlertResource.parse(shown).acknowledgement).toEqual({ ...acknowledgement, author: null, note: null });
  expect(JSON.stringify(shown)).not.toContain("Ada");
});

test("without data it says so", () => {
  const { summary } = alertResource({ ...factsOf(ALERT_EXAMPLE), hasData: false }, { isPublic: true });
  expect(summary).toContain("There is no data to judge it by");
});

test("a threshold is told with its figure, its limit and their unit", () => {
  const facts: Facts = {
    ...factsOf(ALERT_EXAMPLE),
    pageUrl: null,
    cause: {
      kind: "threshold",
      reading: {
        evaluatedAt: ALERT_EXAMPLE.evaluatedAt,
        threshold: { metric: "p99", op: "gt", limit: "1000", value: "1240.5", unit: "ms", window: "5m", for: "2m" },
        probes: ["shop-home"],
        locations: [],
      },
    },
  };
  const made = ThresholdAlertResource.parse(alertResource(facts, { isPublic: true }));
  expect(made.summary).toBe(
    "The 99th percentile of the response time of shop is 1241 ms over 5m; it alerts above 1000 ms. Failing: shop-home.",
  );
  expect(made.links).toEqual({ self: `/v1/alerts/${ALERT_EXAMPLE.id}`, dashboard: null, runbook: null });
});

test.each([
  [20, "1 min"],
  [600, "10 min"],
  [7_200, "2 h"],
  [200_000, "2 d"],
])("%s s is about %s", (seconds, text) => expect(roughly(seconds)).toBe(text));
