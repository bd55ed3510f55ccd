import { z } from "zod";
import { OUTCOME_CLASSES } from "#lib/core/outcome.ts";
import { STATUS_FAMILIES } from "#lib/core/red.ts";
import { Identifier, Instant } from "./api.ts";

const Count = z.number().int().nonnegative();
const Milliseconds = z.number().nonnegative().nullable();

const MetricsPoint = z
  .strictObject({
    at: Instant.meta({ description: "Start of the point; it covers one step" }),
    expected: Count.meta({ description: "Runs that the schedule asked for" }),
    total: Count.meta({ description: "Runs that were recorded" }),
    rate: z.number().nonnegative().nullable().meta({ description: "Runs per second; null without any run" }),
    errors: Count.meta({ description: "Runs that saw the target fail" }),
    errorRatio: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .meta({ description: "Errors in runs that saw the target; null when none did" }),
    unvoted: Count.meta({ description: "Runs that say nothing of the target: blocked, skipped, or a fault of ours" }),
    byClass: z
      .partialRecord(z.enum(OUTCOME_CLASSES), Count)
      .meta({ description: "Runs by outcome class; classes without any are left out" }),
    byStatus: z.partialRecord(z.enum(STATUS_FAMILIES), Count).meta({
      description: "Answers by family; 401, 403 and 429 are not counted under 4xx; families without any are left out",
    }),
    bytesRead: Count,
    durationMs: z.strictObject({ mean: Milliseconds, p50: Milliseconds, p95: Milliseconds, p99: Milliseconds }).meta({
      description: "Of good runs, so that a target that fails fast does not look quick; null without any",
    }),
  })
  .meta({ id: "MetricsPoint" });
export type MetricsPoint = z.infer<typeof MetricsPoint>;

const MetricsTotals = z
  .strictObject({
    expected: Count,
    total: Count,
    errors: Count,
    errorRatio: z.number().min(0).max(1).nullable(),
    durationMs: z
      .strictObject({ p50: Milliseconds, p95: Milliseconds, p99: Milliseconds })
      .meta({ description: "Over all good runs of the range, within 1.6 %; null without any" }),
  })
  .meta({ id: "MetricsTotals", description: "All points together, where `totals=true` asked for them" });
export type MetricsTotals = z.infer<typeof MetricsTotals>;

export const MetricsResource = z
  .strictObject({
    probeId: Identifier,
    locations: z.array(Identifier).meta({ description: "Locations whose runs are counted together" }),
    from: Instant.meta({ description: "What was asked, extended to whole steps" }),
    to: Instant,
    step: z.string().meta({ description: "Length of a point", example: "5m" }),
    dataUntil: Instant.nullable().meta({ description: "Minutes before this one are complete; later points are gaps" }),
    source: z
      .strictObject({
        counts: z.enum(["minutes", "hours", "days"]).meta({ description: "Counts are exact at every level" }),
        durations: z
          .enum(["runs", "histograms"])
          .meta({ description: "`runs`: quantiles are exact; `histograms`: within `maxRelativeError`" }),
        maxRelativeError: z.number().nonnegative().meta({ description: "Of the quantiles", example: 0.016 }),
      })
      .meta({ id: "MetricsSource" }),
    points: z.array(MetricsPoint).meta({ description: "One for each step, also where nothing was recorded" }),
    totals: MetricsTotals.optional(),
  })
  .meta({ id: "Metrics", description: "Rate, errors and duration of a probe" });
export type MetricsResource = z.infer<typeof MetricsResource>;

export const METRICS_EXAMPLE: MetricsResource = {
  probeId: "shop-home",
  locations: ["fra"],
  from: "2026-11-03T14:00:00.000Z",
  to: "2026-11-03T14:10:00.000Z",
  step: "5m",
  dataUntil: "2026-11-03T14:05:00.000Z",
  source: { counts: "minutes", durations: "runs", maxRelativeError: 0 },
  points: [
    {
      at: "2026-11-03T14:00:00.000Z",
      expected: 10,
      total: 10,
      rate: 0.033333,
      errors: 9,
      errorRatio: 0.9,
      unvoted: 0,
      byClass: { ok: 1, bad_status: 9 },
      byStatus: { "2xx": 1, "5xx": 9 },
      bytesRead: 5_120,
      durationMs: { mean: 84.2, p50: 84.2, p95: 84.2, p99: 84.2 },
    },
    {
      at: "2026-11-03T14:05:00.000Z",
      expected: 0,
      total: 0,
      rate: null,
      errors: 0,
      errorRatio: null,
      unvoted: 0,
      byClass: {},
      byStatus: {},
      bytesRead: 0,
      durationMs: { mean: null, p50: null, p95: null, p99: null },
    },
  ],
};
