import type { SloDefinition } from "../slo-definitions.ts";
import type { DurationMs } from "../units.ts";
import { durationMs, MINUTE_MS } from "../units.ts";
import { atLeast, binomial, upperTails } from "./binomial.ts";
import { badSlotShare } from "./false-pages.ts";
import type { Fraction } from "./fraction.ts";
import { compare, fraction, multiply, parseFraction, subtract } from "./fraction.ts";

/** How one probe of an SLO is run: time between slots, and from how many counted locations. */
export type Probing = { readonly intervalMs: DurationMs; readonly locations: number };

/** The events of an SLO before any data: time between the events of each source, and the share that is bad by chance. */
export type EventStream = { readonly spacings: readonly number[]; readonly badShare: number };

/**
 * The longest time between two events of an SLO, which short windows hold three of: the slowest interval of its probes, or
 * the slice or minute that it counts in place of slots. 0 without probes.
 */
export const eventInterval = (
  { sli, combine }: Pick<SloDefinition, "sli" | "combine">,
  intervals: readonly DurationMs[],
): DurationMs => {
  const sliceMs = sli.kind === "timeslice" || sli.kind === "ratio_timeslices" ? sli.sliceMs : 0;
  const minuteMs = combine?.kind === "any_bad" ? MINUTE_MS : 0;
  return durationMs(Math.max(0, sliceMs, minuteMs, ...intervals));
};

/** The fewest bad of `total` events that are strictly above a share, exactly. */
export const fewestAbove = (total: number, share: Fraction): number => {
  const product = multiply(share, fraction(BigInt(total), 1n));
  const floor = Number(product.numerator / product.denominator);
  return compare(product, fraction(BigInt(floor), 1n)) < 0 ? floor : floor + 1;
};

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const slotsOf = (probes: readonly Probing[], count: SloDefinition["count"], flakeRate: number): EventStream => {
  const isRuns = count === "runs";
  const sources = probes.flatMap(({ intervalMs, locations }) => {
    const badShare = isRuns ? flakeRate : badSlotShare(flakeRate, Math.max(1, locations));
    return new Array<{ intervalMs: number; badShare: number }>(isRuns ? Math.max(1, locations) : 1).fill({
      intervalMs,
      badShare,
    });
  });
  return { spacings: sources.map(({ intervalMs }) => intervalMs), badShare: mean(sources.map((one) => one.badShare)) };
};

/** A span is bad when more than `allowed` of its slots are; the slots of all probes are taken together. */
const spansOf = (slots: EventStream, spanMs: number, allowed: Fraction): EventStream => {
  const inSpan = Math.max(
    1,
    slots.spacings.reduce((sum, spacing) => sum + Math.floor(spanMs / spacing), 0),
  );
  const tails = upperTails(binomial(inSpan, slots.badShare));
  return { spacings: [spanMs], badShare: atLeast(tails, fewestAbove(inSpan, allowed)) };
};

const ONE = fraction(1n, 1n);
const NONE = fraction(0n, 1n);

/** What an SLO of probes counts: slots, runs, minutes (`any_bad`) or slices. Shares of slices are taken as slots. */
export const eventStream = (
  { sli, count, combine }: Pick<SloDefinition, "sli" | "count" | "combine">,
  probes: readonly Probing[],
  flakeRate: number,
): EventStream => {
  const slots = slotsOf(probes, count, flakeRate);
  const shortestMs = Math.min(...slots.spacings);
  const base = combine?.kind === "any_bad" ? spansOf(slots, Math.max(MINUTE_MS, shortestMs), NONE) : slots;
  if (sli.kind !== "timeslice") return base;
  const target = multiply(parseFraction(sli.target) ?? ONE, fraction(1n, 100n));
  return spansOf(base, Math.max(sli.sliceMs, shortestMs), subtract(ONE, target));
};
