import { z } from "zod";
import { THRESHOLD_METRICS, THRESHOLD_OPS } from "#lib/core/definitions.ts";
import { DAY_MS, MINUTE_MS } from "#lib/core/units.ts";
import { checkDuration, duration, number, text } from "../scalars.ts";
import { id, LIMITS, reference } from "./fields.ts";
import { notify, promqlSource, query, severity } from "./slo.ts";

// Alerts on a figure as it is. What goes together is judged in rules/threshold.ts, where the defaults are, too.

const value = z
  .union([
    number(() => null, { description: "Percent", minimum: 0, maximum: 100 }),
    text(checkDuration({ min: 1, max: DAY_MS }), { description: "A response time" }),
  ])
  .meta({
    description: "The limit: a duration for `p99` and `average`, percent for the others",
    "x-type": "number or duration",
    "x-limits": "0 to 100, or 1ms to 1d",
    "x-default": "the customary limit of the metric",
  });

export const ThresholdAlertFile = z.strictObject({
  id: id("threshold alert, in the whole file"),
  metric: z.enum(THRESHOLD_METRICS).meta({
    description:
      "What is watched: share of 5xx answers, 99th percentile or mean of the response time, share of good runs, fall of the traffic, share of 4xx, 401 or 429 answers. The last four need `source`",
  }),
  op: z
    .enum(THRESHOLD_OPS)
    .meta({
      description: "How the figure lies to `value` when it alerts",
      "x-default": "`lt` for `success_rate`, else `gt`",
    })
    .optional(),
  value: value.optional(),
  window: duration(
    { ...LIMITS.alertWindow, max: DAY_MS },
    { description: "What the figure is taken over", default: "5m" },
  ).optional(),
  for: duration(
    { min: 0, max: DAY_MS, isWholeMinutes: true },
    { description: "How long it must hold before it alerts", default: "0m" },
  ).optional(),
  severity: severity
    .meta({
      description: "Whether it wakes someone",
      "x-default": "`page` for `error_rate_5xx`, `success_rate` and `traffic_drop`, else `ticket`",
    })
    .optional(),
  notify,
  probes: z
    .array(reference("probe"))
    .min(1)
    .meta({ description: "Whose runs are measured", "x-default": "all of the service" })
    .optional(),
  source: promqlSource.optional(),
  query: query(
    "For `source`, and required there: its one value is the percentage, seconds for `p99` and `average`, requests a second for `traffic_drop`",
  ).optional(),
  baseline: duration(
    { min: MINUTE_MS, max: 30 * DAY_MS, isWholeMinutes: true },
    { description: "For `traffic_drop`: how long ago the traffic is compared with", default: "1w" },
  ).optional(),
});
export type ThresholdAlertFile = z.infer<typeof ThresholdAlertFile>;
