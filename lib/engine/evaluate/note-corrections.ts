import type { Tx } from "#db/database.ts";
import type { Correction } from "#db/queries/sli-corrections.ts";
import { insertCorrections } from "#db/queries/sli-corrections.ts";
import type { SliHour } from "#db/queries/sli-hours.ts";
import type { EpochMinute } from "#lib/core/units.ts";
import { minuteOf } from "#lib/core/units.ts";

/** Minutes of one hour that count otherwise than they did. */
const changedMinutes = (before: SliHour, after: SliHour): Correction[] => {
  const { sloId, version, hourAt } = before;
  const corrections: Correction[] = [];
  for (let index = 0; index < 60; index += 1) {
    const [good, total, expected] = [before.good[index] ?? 0, before.total[index] ?? 0, before.expected[index] ?? 0];
    const isSame = good === after.good[index] && total === after.total[index] && expected === after.expected[index];
    const minute = (minuteOf(hourAt) + index) as EpochMinute;
    if (!isSame) corrections.push({ sloId, version, minute, good, total, expected });
  }
  return corrections;
};

/**
 * Keeps what closed minutes counted before they are written anew, so that every transition can be worked out again as of
 * then. `before` are the stored hours; an hour that was not stored counted nothing and is not kept.
 */
export const noteCorrections = async (tx: Tx, before: readonly SliHour[], after: readonly SliHour[]): Promise<void> => {
  const keyOf = ({ sloId, version, hourAt }: SliHour): string => `${sloId}:${version}:${hourAt}`;
  const next = new Map(after.map((hour) => [keyOf(hour), hour]));
  const corrections = before.flatMap((hour) => {
    const changed = next.get(keyOf(hour));
    return changed === undefined ? [] : changedMinutes(hour, changed);
  });
  await insertCorrections(tx, corrections);
};
