import type { Outcome } from "#lib/core/outcome.ts";
import type { Clock } from "#lib/runtime/clock.ts";

export type BlackboxDeps = {
  readonly clock: Clock;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly userAgent: string;
  readonly signal: AbortSignal;
  /** PEM of the authority to trust instead of the public ones. */
  readonly caPem: string | null;
};

/** Microseconds as seconds, the unit of Prometheus; 0 for a phase that there was not. */
export const secondsOf = (us: number | null): number => (us ?? 0) / 1_000_000;

/** What ended a check, for people. */
export const wordsOf = (ended: Pick<Outcome, "class" | "detail"> | object | undefined): string =>
  ended !== undefined && "class" in ended && "detail" in ended
    ? `${String(ended.class)}: ${String(ended.detail)}`
    : "ok";
