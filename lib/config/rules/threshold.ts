import type { AlertSeverity, ThresholdMetric, ThresholdOp } from "#lib/core/definitions.ts";
import { THRESHOLD_METRICS } from "#lib/core/definitions.ts";
import type { Fault } from "../config-error.ts";
import type { Mapping } from "../read-document.ts";
import type { Placed } from "../references.ts";
import { checkReferences } from "../references.ts";
import type { SloDeps } from "./slo.ts";
import { checkSource } from "./slo.ts";

type Customary = {
  readonly op: ThresholdOp;
  /** Percent, or milliseconds for response times. */
  readonly value: string;
  readonly severity: AlertSeverity;
};

/** What integrations and APIs are customarily held to. */
export const CUSTOMARY: Readonly<Record<ThresholdMetric, Customary>> = {
  error_rate_5xx: { op: "gt", value: "1", severity: "page" },
  p99: { op: "gt", value: "1000", severity: "ticket" },
  average: { op: "gt", value: "3000", severity: "ticket" },
  success_rate: { op: "lt", value: "95", severity: "page" },
  traffic_drop: { op: "gt", value: "50", severity: "page" },
  rate_4xx: { op: "gt", value: "10", severity: "ticket" },
  rate_401: { op: "gt", value: "5", severity: "ticket" },
  rate_429: { op: "gt", value: "5", severity: "ticket" },
};

/** Metrics whose limit is a response time. */
export const isTimeMetric = (metric: ThresholdMetric): boolean => metric === "p99" || metric === "average";

/** A probe's traffic is our own schedule, and it never sends what a client of the service sends. */
const NEEDS_SOURCE: ReadonlySet<ThresholdMetric> = new Set(["traffic_drop", "rate_4xx", "rate_401", "rate_429"]);

const isMetric = (value: unknown): value is ThresholdMetric => THRESHOLD_METRICS.some((metric) => metric === value);

const checkValue = ({ path, value }: Placed<Mapping>, metric: ThresholdMetric): Fault[] => {
  const due = isTimeMetric(metric) ? "string" : "number";
  const isOther = (due === "string" ? "number" : "string") === typeof value.value;
  if (!isOther) {
    const isOutside = typeof value.value === "number" && !(value.value >= 0 && value.value <= 100);
    const message = `must be between 0 and 100, got ${String(value.value)}`;
    return isOutside ? [{ path: [...path, "value"], kind: "range", message }] : [];
  }
  const message =
    due === "string" ? `must be a duration for ${metric}, such as 1s` : `must be a number of percent for ${metric}`;
  return [{ path: [...path, "value"], kind: "type", message }];
};

const checkOrigin = ({ path, value }: Placed<Mapping>, metric: ThresholdMetric): Fault[] => {
  const fault = (field: string, kind: Fault["kind"], message: string): Fault => ({
    path: [...path, field],
    kind,
    message,
  });
  if (value.source === undefined) {
    if (NEEDS_SOURCE.has(metric)) {
      return [fault("source", "missing", `is required for ${metric}: probes cannot tell it`)];
    }
    return value.query === undefined ? [] : [fault("query", "conflict", "belongs to source")];
  }
  return [
    ...(value.query === undefined ? [fault("query", "missing", "is required beside source")] : []),
    ...(value.probes === undefined ? [] : [fault("probes", "conflict", "cannot stand beside source")]),
  ];
};

/** Checks a threshold alert against the rest of the file, and its values against each other. */
export const checkThresholdAlert = (alert: Placed<Mapping>, deps: SloDeps): Fault[] => {
  const { metric, baseline } = alert.value;
  const isForeignBaseline = baseline !== undefined && isMetric(metric) && metric !== "traffic_drop";
  const message = "belongs to the metric traffic_drop";
  return [
    ...(isMetric(metric) ? [...checkValue(alert, metric), ...checkOrigin(alert, metric)] : []),
    ...(isForeignBaseline ? [{ path: [...alert.path, "baseline"], kind: "conflict" as const, message }] : []),
    ...checkReferences(alert, "probes", deps.probes, deps.suggest),
    ...checkReferences(alert, "notify", deps.notifications, deps.suggest),
    ...checkSource(alert, deps),
  ];
};
