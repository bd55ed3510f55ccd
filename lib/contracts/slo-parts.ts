import { z } from "zod";
import { CALENDAR_PERIODS, NO_DATA_POLICIES } from "#lib/core/definitions.ts";
import { formatDuration } from "#lib/core/duration.ts";
import type { BurnRatePair, EventSli, SliDefinition, SloWindow } from "#lib/core/slo-definitions.ts";
import { DecimalText, DurationText } from "./values.ts";

const EventSliResource = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("availability") }),
  z.strictObject({ kind: z.literal("latency"), threshold: DurationText }),
]);
type EventSliResource = z.infer<typeof EventSliResource>;

const noData = z.enum(NO_DATA_POLICIES).meta({ description: "How a slice without events counts" });

/** What an SLO counts. The source of PromQL queries is not told: its address and credentials are nobody else's business. */
export const SliResource = z
  .discriminatedUnion("kind", [
    ...EventSliResource.options,
    z.strictObject({
      kind: z.literal("timeslice"),
      base: EventSliResource,
      slice: DurationText,
      target: DecimalText.meta({ description: "Percent of good slots below which a slice is bad" }),
      noData,
    }),
    z.strictObject({ kind: z.literal("ratio_timeslices"), base: EventSliResource, slice: DurationText, noData }),
    z.strictObject({ kind: z.literal("journey") }),
    z.strictObject({ kind: z.literal("component"), part: z.string() }),
    z.strictObject({ kind: z.literal("promql"), good: z.string(), total: z.string() }),
  ])
  .meta({ id: "Sli" });
export type SliResource = z.infer<typeof SliResource>;

export const SloWindowResource = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("rolling"), duration: DurationText }),
    z.strictObject({
      kind: z.literal("calendar"),
      period: z.enum(CALENDAR_PERIODS),
      timeZone: z.string().meta({ description: "IANA name", example: "Asia/Seoul" }),
      anchor: z.string().nullable().meta({ description: "Wall time at which some period begins" }),
    }),
  ])
  .meta({ id: "SloWindow" });
export type SloWindowResource = z.infer<typeof SloWindowResource>;

const eventSliResource = (sli: EventSli): EventSliResource =>
  sli.kind === "latency" ? { kind: sli.kind, threshold: formatDuration(sli.thresholdMs) } : { kind: sli.kind };

/** What an SLO counts, as the API shows it. */
export const sliResource = (sli: SliDefinition): SliResource => {
  switch (sli.kind) {
    case "availability":
    case "latency":
      return eventSliResource(sli);
    case "timeslice": {
      const { kind, base, sliceMs, target } = sli;
      return { kind, base: eventSliResource(base), slice: formatDuration(sliceMs), target, noData: sli.noData };
    }
    case "ratio_timeslices": {
      const { kind, base, sliceMs } = sli;
      return { kind, base: eventSliResource(base), slice: formatDuration(sliceMs), noData: sli.noData };
    }
    case "journey":
      return { kind: sli.kind };
    case "component":
      return { kind: sli.kind, part: sli.part };
    case "promql":
      return { kind: sli.kind, good: sli.good, total: sli.total };
  }
};

/** The window of an SLO, as the API shows it. */
export const windowResource = (window: SloWindow): SloWindowResource =>
  window.kind === "rolling"
    ? { kind: window.kind, duration: formatDuration(window.durationMs) }
    : { kind: window.kind, period: window.period, timeZone: window.timeZone, anchor: window.anchor ?? null };

/** A pair in the words of the API. */
export const pairResource = (pair: BurnRatePair) => ({
  pair: pair.id,
  severity: pair.severity,
  long: formatDuration(pair.longMs),
  short: formatDuration(pair.shortMs),
  factor: pair.factor,
  minBadLong: pair.minBadLong,
  minBadShort: pair.minBadShort,
});
