import type { Db } from "#db/database.ts";
import { readExclusions } from "#db/queries/exclusions.ts";
import { readSliDays } from "#db/queries/sli-days.ts";
import type { SliHoursAsk } from "#db/queries/sli-hours.ts";
import { readSliHours } from "#db/queries/sli-hours.ts";
import type { SloWithReading } from "#db/queries/slo-dashboard.ts";
import { isAbout } from "#db/queries/slo-minutes.ts";
import { countsOfDay } from "#lib/core/slo/day-pack.ts";
import type { Counts } from "#lib/core/slo/series.ts";
import { NO_COUNTS } from "#lib/core/slo/series.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, epochMs, HOUR_MS } from "#lib/core/units.ts";
import { requireSession } from "../require-session.ts";
import { getWebContext } from "../web-context.ts";

const SPARK_DAYS = 28;
const DEADLINE_MS = 10_000;

/** Slots of one UTC day as they were measured, without exclusions. */
export type SparkDay = Counts & {
  readonly dayAt: EpochMs;
  /** An exclusion covers a part of the day at least. */
  readonly isExcluded: boolean;
};

const dayOf = (at: number): EpochMs => epochMs(Math.floor(at / DAY_MS) * DAY_MS);

const plus = (a: Counts, b: Counts): Counts => ({
  bad: a.bad + b.bad,
  total: a.total + b.total,
  expected: a.expected + b.expected,
});

const sum = (list: readonly number[]): number => list.reduce((all, each) => all + each, 0);

type Cells = Map<number, Map<EpochMs, Counts>>;

const add = (cells: Cells, index: number, dayAt: EpochMs, counts: Counts): void => {
  const days = cells.get(index) ?? new Map<EpochMs, Counts>();
  cells.set(index, days.set(dayAt, plus(days.get(dayAt) ?? NO_COUNTS, counts)));
};

/** Packed days, and the hours of those that are not packed yet, which are the last one or two. */
const readCells = async (db: Db, asks: readonly SliHoursAsk[]): Promise<Cells> => {
  const cells: Cells = new Map();
  const hourAsks: SliHoursAsk[] = [];
  for (const { dayAt, counts, members } of await readSliDays(db, asks)) {
    const known = counts === null ? null : countsOfDay(counts);
    for (const index of members) {
      const ask = asks[index];
      if (known !== null) add(cells, index, dayAt, known);
      else if (ask !== undefined) hourAsks.push({ ...ask, fromAt: dayAt, toAt: addMs(dayAt, DAY_MS - HOUR_MS) });
    }
  }
  const indexOf = new Map(asks.map(({ sloId }, index) => [sloId, index]));
  for (const hour of await readSliHours(db, hourAsks)) {
    const [good, total] = [sum(hour.good), sum(hour.total)];
    const counts = { bad: total - good, total, expected: sum(hour.expected) };
    add(cells, indexOf.get(hour.sloId) ?? -1, dayOf(hour.hourAt), counts);
  }
  return cells;
};

/** The last 28 UTC days of each SLO, oldest first, by its id; those that were never evaluated are left out. */
const readSparks = async (
  db: Db,
  slos: readonly SloWithReading[],
): Promise<ReadonlyMap<string, readonly SparkDay[]>> => {
  const shown = slos.flatMap((slo) => (slo.evaluatedAt === null ? [] : [{ slo, toAt: dayOf(slo.evaluatedAt - 1) }]));
  const asks = shown.map(({ slo, toAt }) => ({
    sloId: slo.id,
    version: slo.version,
    fromAt: addMs(toAt, -(SPARK_DAYS - 1) * DAY_MS),
    toAt,
  }));
  const oldest = Math.min(...asks.map(({ fromAt }) => fromAt));
  const exclusions = asks.length === 0 ? [] : await readExclusions(db, { endedAfter: epochMs(oldest) });
  const cells = await readCells(db, asks);
  return new Map(
    shown.map(({ slo, toAt }, index) => {
      const mine = exclusions.filter((exclusion) => isAbout(exclusion, slo));
      const days = Array.from({ length: SPARK_DAYS }, (_, day): SparkDay => {
        const dayAt = addMs(toAt, (day + 1 - SPARK_DAYS) * DAY_MS);
        const isExcluded = mine.some(({ startsAt, endsAt }) => startsAt < dayAt + DAY_MS && endsAt > dayAt);
        return { dayAt, isExcluded, ...(cells.get(index)?.get(dayAt) ?? NO_COUNTS) };
      });
      return [slo.id, days] as const;
    }),
  );
};

/** `readSparks` for who is signed in. @throws Error "NotSignedIn" without a session. */
export const loadSparks = async (
  cookieHeader: string | null,
  slos: readonly SloWithReading[],
): Promise<ReadonlyMap<string, readonly SparkDay[]>> => {
  await requireSession(cookieHeader);
  return getWebContext().database.read((db) => readSparks(db, slos), { deadlineMs: DEADLINE_MS });
};
