import type { Db } from "#db/database.ts";
import type { OutcomeClass } from "#lib/core/outcome.ts";
import { classOfCode } from "#lib/core/outcome.ts";
import type { DurationUs, EpochMs } from "#lib/core/units.ts";

/** What a vote needs of a run. */
export type LiveRun = {
  readonly probeNo: number;
  readonly locationNo: number;
  readonly scheduledAt: EpochMs;
  readonly class: OutcomeClass;
  readonly durationUs: DurationUs;
};

type LiveRow = { probe_no: number; location_no: number; scheduled_at: Date; class: number; duration_us: number };

const liveRun = (row: LiveRow): LiveRun => ({
  probeNo: row.probe_no,
  locationNo: row.location_no,
  scheduledAt: row.scheduled_at.getTime() as EpochMs,
  class: classOfCode(row.class),
  durationUs: row.duration_us as DurationUs,
});

/** Runs that were stored after an instant; those scheduled before `scheduledFrom` are left out, so that old days stay untouched. */
export const readRunsIngestedAfter = async (
  db: Db,
  { ingestedAfter, scheduledFrom }: { ingestedAfter: EpochMs; scheduledFrom: EpochMs },
): Promise<LiveRun[]> => {
  const rows = await db<LiveRow[]>`
    select probe_no, location_no, scheduled_at, class, duration_us
      from runs
     where ingested_at > ${new Date(ingestedAfter)} and scheduled_at >= ${new Date(scheduledFrom)}`;
  return rows.map(liveRun);
};

export type LiveRange = { readonly probeNo: number; readonly locationNo: number; readonly from: EpochMs };

/** All runs of each probe at each location from an instant on: one range of the primary key each. */
export const readLiveRuns = async (db: Db, ranges: readonly LiveRange[]): Promise<LiveRun[]> => {
  if (ranges.length === 0) return [];
  const column = (values: readonly (string | number)[]): string => `{${values.join(",")}}`;
  const rows = await db<LiveRow[]>`
    select r.probe_no, r.location_no, r.scheduled_at, r.class, r.duration_us
      from unnest(${column(ranges.map((range) => range.probeNo))}::text::int4[],
                  ${column(ranges.map((range) => range.locationNo))}::text::int2[],
                  ${column(ranges.map((range) => new Date(range.from).toISOString()))}::text::timestamptz[])
           as w (probe_no, location_no, from_at)
     cross join lateral (
       select probe_no, location_no, scheduled_at, class, duration_us from runs
        where probe_no = w.probe_no and location_no = w.location_no and scheduled_at >= w.from_at) r`;
  return rows.map(liveRun);
};

/** The first run of each probe from any location. */
export const readFirstRuns = async (db: Db): Promise<Map<number, EpochMs>> => {
  const rows = await db<{ probe_no: number; at: Date }[]>`
    select probe_no, min(first_scheduled_at) as at from first_runs group by probe_no`;
  return new Map(rows.map((row) => [row.probe_no, row.at.getTime() as EpochMs]));
};

/** Response time of good runs of a service: a sum and how many it is of. */
export type LatencySum = {
  readonly serviceId: string;
  readonly from: EpochMs;
  readonly sumUs: number;
  readonly count: number;
};

/** Sums by service and step of `stepSeconds`, aligned to the epoch, over minutes of [from, until). */
export const readLatency = async (
  db: Db,
  { from, until, stepSeconds }: { from: EpochMs; until: EpochMs; stepSeconds: number },
): Promise<LatencySum[]> => {
  const rows = await db<{ service_id: string; step: string; sum_us: string; good: string }[]>`
    select p.service_id, floor(extract(epoch from b.minute) / ${stepSeconds}::int)::bigint::text as step,
           sum(b.duration_sum_us)::text as sum_us, sum(b.good)::text as good
      from buckets b join probes p on p.no = b.probe_no
     where b.minute >= ${new Date(from)} and b.minute < ${new Date(until)} and b.good > 0
     group by 1, 2`;
  return rows.map((row) => ({
    serviceId: row.service_id,
    from: (Number(row.step) * stepSeconds * 1_000) as EpochMs,
    sumUs: Number(row.sum_us),
    count: Number(row.good),
  }));
};
