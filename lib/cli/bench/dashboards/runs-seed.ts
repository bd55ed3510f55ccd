import type { Database } from "#db/database.ts";
import {
  insertDays,
  insertFirstRuns,
  insertHours,
  insertMinutes,
  insertPartRuns,
  insertRuns,
  insertTries,
  markRollup,
} from "#db/queries/bench-dashboards-runs.ts";
import { ensurePartitions } from "#db/queries/partitions.ts";
import { encodeHistogram, histogramOf } from "#lib/core/histogram.ts";
import { addMs, DAY_MS, epochMs, MINUTE_MS } from "#lib/core/units.ts";
import type { Past } from "./past.ts";

const DEADLINE_MS = 600_000;
const VARIANTS = 16;

/** Durations of `count` runs from 20 to 85 ms, another spread for each variant. */
const histogramText = (variant: number, count: number): string => {
  const durations = Array.from({ length: count }, (_, run) => 20_000 + ((run * 7_919 + variant * 104_729) % 65_536));
  return Buffer.from(encodeHistogram(histogramOf(durations))).toString("hex");
};

const variants = (count: number): string[] =>
  Array.from({ length: VARIANTS }, (_, variant) => histogramText(variant, count));

/** Raw runs of every probe by the day with what is rolled up from them, until the minute before now. */
export const seedRuns = async (database: Database, { size, from, until: thisHour, now }: Past): Promise<void> => {
  const options = { deadlineMs: DEADLINE_MS };
  const closedUntil = epochMs(Math.floor(now / MINUTE_MS) * MINUTE_MS);
  const histograms = { minute: variants(6), hour: variants(120) };
  await database.transaction((tx) => insertFirstRuns(tx, from), options);
  for (let day = 0; day <= size.days; day += 1) {
    const start = addMs(from, day * DAY_MS);
    const until = epochMs(Math.min(start + DAY_MS, closedUntil));
    const span = { from: start, until, day };
    await database.transaction(async (tx) => {
      // In the transaction that fills them: with `wal_level` minimal nothing of it is written twice.
      await ensurePartitions(tx, span);
      await insertRuns(tx, span);
      await insertPartRuns(tx, span);
      await insertTries(tx, span);
      await insertMinutes(tx, span, histograms);
      await insertHours(tx, { ...span, until: epochMs(Math.min(until, thisHour)) }, histograms);
      if (day < size.days) await insertDays(tx, span, histograms);
    }, options);
  }
  await database.transaction((tx) => ensurePartitions(tx, { from: now, until: addMs(now, DAY_MS) }), options);
  await database.transaction((tx) => markRollup(tx, closedUntil), options);
};
