declare const unit: unique symbol;
type Branded<Base, Unit extends string> = Base & { readonly [unit]: Unit };

/** An instant: milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = Branded<number, "epoch-ms">;
/** A length of time in milliseconds, zero or more. */
export type DurationMs = Branded<number, "duration-ms">;
/** A length of time in microseconds, zero or more. */
export type DurationUs = Branded<number, "duration-us">;
/** A whole minute: `floor(epoch-ms / 60,000)`. Bucket `m` holds what was scheduled within [m, m+1). */
export type EpochMinute = Branded<number, "epoch-minute">;

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** @throws RangeError when `value` is not a finite number. */
export const epochMs = (value: number): EpochMs => {
  if (!Number.isFinite(value)) throw new RangeError(`an instant must be finite, got ${value}`);
  return value as EpochMs;
};

/** @throws RangeError when `value` is negative or not finite. */
export const durationMs = (value: number): DurationMs => {
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`a duration must be zero or more, got ${value}`);
  }
  return value as DurationMs;
};

/** Rounds to whole microseconds. @throws RangeError when `value` is negative or not finite. */
export const durationUs = (value: number): DurationUs => {
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`a duration must be zero or more, got ${value}`);
  }
  return Math.round(value) as DurationUs;
};

/** The minute that an instant falls into. */
export const minuteOf = (at: EpochMs): EpochMinute => Math.floor(at / MINUTE_MS) as EpochMinute;
/** The first instant of a minute. */
export const startOfMinute = (minute: EpochMinute): EpochMs => (minute * MINUTE_MS) as EpochMs;
/** The minute `count` minutes later (earlier when negative). */
export const addMinutes = (minute: EpochMinute, count: number): EpochMinute => (minute + count) as EpochMinute;
/** The instant `ms` milliseconds later (earlier when negative). */
export const addMs = (at: EpochMs, ms: number): EpochMs => (at + ms) as EpochMs;
