import { z } from "zod";
import { AlertSeverity, BurnRatePairResource } from "./api.ts";
import { SloWindowResource } from "./slo-parts.ts";
import { Count, DecimalText, Identifier, Instant } from "./values.ts";

// What can be worked out of an SLO beside its readings.

const after = z.number().nonnegative().nullable();

const PairFeasibilityResource = z
  .strictObject({
    pair: Identifier,
    severity: AlertSeverity,
    isPossible: z.boolean().meta({ description: "False: its windows never hold as many failures as it needs" }),
    failuresNeeded: Count.meta({ description: "In full, otherwise healthy windows" }),
    longEvents: Count.meta({ description: "Events that the full long window holds" }),
    shortEvents: Count,
    detectionSeconds: z
      .strictObject({ "100": after, "50": after, "5": after, "1": after, "0.1": after })
      .meta({ description: "From the first failure to the alert, by percent of failing checks; null: never" }),
    resetSeconds: after.meta({ description: "From the end of a long outage to the end of the alert" }),
    falseAlertsIn30d: z.number().nonnegative().meta({ description: "Expected by chance alone" }),
  })
  .meta({ id: "PairFeasibility" });

export const FeasibilityResource = z
  .strictObject({
    sloId: Identifier,
    objective: DecimalText.meta({ description: "Percent" }),
    events: z
      .strictObject({
        spacingSeconds: z.number().nonnegative().meta({ description: "Mean time between two events" }),
        locations: Count,
        flakeRatio: DecimalText.meta({ description: "Share of single runs that is assumed to fail by itself" }),
        badRatio: DecimalText.meta({ description: "Share of bad events that this gives" }),
      })
      .nullable()
      .meta({ description: "Null when events do not come from probes: then nothing can be said ahead" }),
    firstPage: z
      .strictObject({ failuresNeeded: Count, afterSeconds: z.number().nonnegative() })
      .nullable()
      .meta({ description: "The earliest page of a total outage; null: no page can come" }),
    falsePagesIn30d: z.number().nonnegative().nullable(),
    pairs: z.array(PairFeasibilityResource),
    dropped: z
      .array(
        z
          .strictObject({
            pair: Identifier,
            reason: z.enum(["short_not_below_long", "longer_than_window", "never_fires"]),
          })
          .meta({ id: "DroppedPair" }),
      )
      .meta({ description: "Pairs of the default policy that cannot work for the window or the interval" }),
  })
  .meta({ id: "Feasibility", description: "What the alerts of an SLO can and cannot do, before any data" });
export type FeasibilityResource = z.infer<typeof FeasibilityResource>;

const Moment = z
  .strictObject({ inSeconds: Count, at: Instant })
  .meta({ id: "ForecastMoment", description: "Counted from `evaluatedAt`" });

export const ForecastResource = z
  .strictObject({
    sloId: Identifier,
    evaluatedAt: Instant.nullable().meta({ description: "Null before the first evaluation" }),
    remainingRatio: DecimalText.nullable().meta({ description: "Signed share of the budget that is left" }),
    pace: z
      .strictObject({
        bad: z.number().nonnegative(),
        total: z.number().nonnegative(),
        seconds: Count,
        burnRate: DecimalText.nullable(),
      })
      .nullable()
      .meta({ description: "What is assumed to go on" }),
    exhausted: Moment.nullable().meta({
      description: "When the budget is spent at this pace; null: not in the window",
    }),
    recovered: Moment.nullable().meta({
      description: "When it is no longer overspent if nothing else fails; null: not in the window",
    }),
    simple: Moment.nullable().meta({
      description: "What remains, times the window, over the burn rate: blind to failures that leave the window",
    }),
    summary: z.string().nullable().meta({ description: "One sentence for people" }),
  })
  .meta({ id: "Forecast", description: "When an error budget is spent, and when it is back" });
export type ForecastResource = z.infer<typeof ForecastResource>;

const Episode = {
  pair: Identifier,
  severity: AlertSeverity,
  firedAt: Instant,
  resolvedAt: Instant.nullable(),
  reason: z.string().nullable(),
};

export const BacktestResource = z
  .strictObject({
    sloId: Identifier,
    from: Instant,
    to: Instant,
    dataFrom: Instant.nullable().meta({ description: "Where the stored minutes begin" }),
    objective: DecimalText.meta({ description: "Percent" }),
    window: SloWindowResource,
    pairs: z.array(BurnRatePairResource),
    alerts: z
      .array(z.strictObject(Episode).meta({ id: "BacktestAlert" }))
      .meta({ description: "What would have fired" }),
    happened: z
      .array(z.strictObject({ id: Identifier, ...Episode }).meta({ id: "PastAlert" }))
      .meta({ description: "What did fire, under the definitions that were in force then" }),
    comparison: z.array(
      z
        .strictObject({ severity: AlertSeverity, would: Count, did: Count, onlyWould: Count, onlyDid: Count })
        .meta({ id: "BacktestComparison" }),
    ),
    budget: z
      .strictObject({
        bad: z.number().nonnegative(),
        total: z.number().nonnegative(),
        consumedRatio: DecimalText.nullable(),
        remainingRatio: DecimalText.nullable(),
        lowest: z.strictObject({ at: Instant, remainingRatio: DecimalText }).nullable(),
        exhaustedAt: Instant.nullable().meta({ description: "When it was spent for the first time" }),
      })
      .meta({ id: "BacktestBudget", description: "Of the window that ends at `to`" }),
  })
  .meta({ id: "Backtest", description: "What would have paged, and when, under other terms" });
export type BacktestResource = z.infer<typeof BacktestResource>;
