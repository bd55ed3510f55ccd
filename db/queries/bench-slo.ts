import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";

// Rows for `nines bench slo`: many SLOs with a past, in a database of its own.

const instant = (at: number): string => new Date(at).toISOString();

/** SLOs `slo-0`, `slo-1` ... of one service that were evaluated up to a minute. `definition` is JSON; each gets its own id. */
export const insertBenchSlos = async (
  db: Db,
  args: { count: number; definition: string; activeFrom: EpochMs; throughAt: EpochMs },
): Promise<void> => {
  const { count, definition, activeFrom, throughAt } = args;
  await db`insert into services (id, name, position) values ('bench', 'Bench', 0) on conflict do nothing`;
  await db`
    insert into slos (id, service_id, position, version, definition)
    select 'slo-' || i, 'bench', i, 1, ${definition}::text::jsonb || jsonb_build_object('id', 'slo-' || i)
      from generate_series(0, ${count - 1}::int) as i`;
  await db`
    insert into slo_versions (slo_id, version, definition, active_from)
    select id, version, definition, ${instant(activeFrom)}::timestamptz from slos`;
  await db`
    insert into slo_readings (slo_id, version, through_minute, reading, computed_at)
    select id, version, ${instant(throughAt)}::timestamptz, '{}', now() from slos`;
  await db`insert into config_versions (sha256, document, applied_at) values (${"0".repeat(64)}, '{}', now())`;
};

/** Packed days of SLOs by their number. */
export const insertBenchDays = async (
  db: Db,
  days: readonly { readonly slo: number; readonly dayAt: EpochMs; readonly counts: Uint8Array }[],
): Promise<void> => {
  const column = (values: readonly (string | number)[]): string => `{${values.join(",")}}`;
  await db`
    insert into sli_days (slo_id, version, day, counts)
    select 'slo-' || d.slo, 1, d.day, decode(d.counts, 'hex')
      from unnest(${column(days.map((day) => day.slo))}::text::int4[],
                  ${column(days.map((day) => `"${instant(day.dayAt)}"`))}::text::timestamptz[],
                  ${column(days.map((day) => Buffer.from(day.counts).toString("hex")))}::text::text[]) as d (slo, day, counts)`;
};

/** Hours of `perMinute` good slots a minute for every SLO, and all minutes before `closedUntil` closed. */
export const insertBenchHours = async (
  db: Db,
  args: { from: EpochMs; until: EpochMs; perMinute: number; closedUntil: EpochMs },
): Promise<void> => {
  await db`
    insert into sli_hours (slo_id, version, hour, total)
    select s.id, 1, h, array_fill(${args.perMinute}::int, array[60])
      from slos s,
           generate_series(${instant(args.from)}::timestamptz, ${instant(args.until - 1)}::timestamptz, interval '1 hour') as h
     order by h, s.id`;
  await db`insert into rollup_progress (closed_until) values (${instant(args.closedUntil)})`;
};

/** Closes minutes as a rollup would have done. */
export const setBenchClosedUntil = async (db: Db, closedUntil: EpochMs): Promise<void> => {
  await db`update rollup_progress set closed_until = ${instant(closedUntil)}`;
};

/** Counts rows as the planner sees them, so that it plans as on a database that has been running for a while. */
export const analyseBench = async (db: Db): Promise<void> => {
  await db`analyze`;
};
