import type { EpochMs } from "#lib/core/units.ts";
import { MINUTE_MS, SECOND_MS } from "#lib/core/units.ts";

/** What a demonstration service does at an instant. The timetable is by the wall clock, so that anyone can check the page against it. */
export type DemoBehaviour = { readonly kind: "answer"; readonly delayMs: number } | { readonly kind: "fail" };

/** The catalogue always answers quickly. */
export const catalogueAt = (): DemoBehaviour => ({ kind: "answer", delayMs: 5 });

/** Search is slow in the first 20 seconds of every second minute. */
export const searchAt = (now: EpochMs): DemoBehaviour => ({
  kind: "answer",
  delayMs: now % (2 * MINUTE_MS) < 20 * SECOND_MS ? 450 : 15,
});

/** Payments fail in the first minute of every five. */
export const paymentsAt = (now: EpochMs): DemoBehaviour =>
  now % (5 * MINUTE_MS) < MINUTE_MS ? { kind: "fail" } : { kind: "answer", delayMs: 25 };
