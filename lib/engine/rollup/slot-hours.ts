import type { SliHour, SloKey } from "#db/queries/sli-hours.ts";
import type { MinuteSpan, SlotCounts } from "#lib/core/bucket.ts";
import { NO_SLOTS } from "#lib/core/bucket.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { epochMs, HOUR_MS, startOfMinute } from "#lib/core/units.ts";

/** The first instant of the hour that a minute lies in. */
export const hourAtOf = (minute: EpochMinute): EpochMs =>
  epochMs(Math.floor(startOfMinute(minute) / HOUR_MS) * HOUR_MS);

/** Stored hours by the SLO that they count for, in their order. */
export const hoursBySlo = (hours: readonly SliHour[]): Map<string, SliHour[]> => {
  const bySlo = new Map<string, SliHour[]>();
  for (const hour of hours) {
    const known = bySlo.get(hour.sloId);
    if (known === undefined) bySlo.set(hour.sloId, [hour]);
    else known.push(hour);
  }
  return bySlo;
};

type HourDraft = SloKey & {
  readonly hourAt: EpochMs;
  readonly good: number[];
  readonly total: number[];
  readonly expected: number[];
};

/** Hours of one SLO that are being changed: the stored ones with some minutes written anew. */
export type HourDrafts = Map<EpochMs, HourDraft>;

/** Copies of stored hours that may be written to, by hour. */
export const draftsOf = (stored: readonly SliHour[]): HourDrafts =>
  new Map(
    stored.map((hour) => [
      hour.hourAt,
      { ...hour, good: [...hour.good], total: [...hour.total], expected: [...hour.expected] },
    ]),
  );

const zeros = (): number[] => new Array<number>(60).fill(0);

/** Writes each minute of the span into its hour; hours that are not there yet begin with nothing. */
export const writeMinutes = (
  drafts: HourDrafts,
  key: SloKey,
  span: MinuteSpan,
  slots: ReadonlyMap<EpochMinute, SlotCounts>,
): void => {
  for (let minute = span.from; minute < span.until; minute = (minute + 1) as EpochMinute) {
    const hourAt = hourAtOf(minute);
    const draft = drafts.get(hourAt) ?? { ...key, hourAt, good: zeros(), total: zeros(), expected: zeros() };
    drafts.set(hourAt, draft);
    const { good, total, expected } = slots.get(minute) ?? NO_SLOTS;
    const index = (startOfMinute(minute) - hourAt) / 60_000;
    draft.good[index] = good;
    draft.total[index] = total;
    draft.expected[index] = expected;
  }
};
