import type { Db } from "#db/database.ts";
import type { SliDefinition } from "#lib/core/definitions.ts";
import { eventSliOf } from "#lib/core/slo/definition.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

export type AlertKey = { readonly sloId: string; readonly pairId: string; readonly number: number };

/** The newest episode of a pair. */
export type AlertEpisode = AlertKey & {
  readonly id: string;
  readonly severity: "page" | "ticket";
  readonly state: "firing" | "resolved";
  readonly hasData: boolean;
  readonly firedAt: EpochMs;
  /** Endpoint ids that are told of it; null: all that subscribe. */
  readonly notify: readonly string[] | null;
};

type EpisodeRow = Omit<AlertEpisode, "firedAt"> & { readonly firedAt: Date };
const episodeOf = (row: EpisodeRow): AlertEpisode => ({ ...row, firedAt: epochMs(row.firedAt.getTime()) });

const episodeColumns = (db: Db) => db`
  id, slo_id as "sloId", pair_id as "pairId", number, severity, state, has_data as "hasData", fired_at as "firedAt", notify`;

/** The newest episode of each pair asked for. One step in the unique index (slo_id, pair_id, number) a pair. */
export const readNewestEpisodes = async (
  db: Db,
  pairs: readonly { readonly sloId: string; readonly pairId: string }[],
): Promise<AlertEpisode[]> => {
  if (pairs.length === 0) return [];
  const rows = await db<EpisodeRow[]>`
    select a.id, a.slo_id as "sloId", a.pair_id as "pairId", a.number, a.severity, a.state, a.has_data as "hasData",
           a.fired_at as "firedAt", a.notify
      from jsonb_to_recordset(${JSON.stringify(
        pairs.map((pair) => ({ slo_id: pair.sloId, pair_id: pair.pairId })),
      )}::text::jsonb) as k (slo_id text, pair_id text)
     cross join lateral (
       select * from alerts where alerts.slo_id = k.slo_id and alerts.pair_id = k.pair_id
        order by number desc limit 1) as a`;
  return rows.map(episodeOf);
};

/** All firing alerts of burn-rate pairs. Partial index alerts_one_firing_per_pair. */
export const readFiringEpisodes = async (db: Db): Promise<AlertEpisode[]> => {
  const rows = await db<EpisodeRow[]>`
    select ${episodeColumns(db)} from alerts where state = 'firing' and slo_id is not null order by slo_id, pair_id`;
  return rows.map(episodeOf);
};

/** Opens an episode. False when it, or another firing one of the pair, exists already. */
export const insertFiringAlert = async (
  db: Db,
  alert: AlertKey & {
    id: string;
    severity: "page" | "ticket";
    firedAt: EpochMs;
    reading: object;
    notify: readonly string[] | null;
  },
): Promise<boolean> => {
  const inserted = await db`
    insert into alerts (id, slo_id, pair_id, number, severity, state, fired_at, firing_reading, notify)
    values (${alert.id}, ${alert.sloId}, ${alert.pairId}, ${alert.number}, ${alert.severity}, 'firing',
            ${new Date(alert.firedAt)}, ${JSON.stringify(alert.reading)}::text::jsonb,
            ${alert.notify === null ? null : [...alert.notify]}::text[])
    on conflict do nothing`;
  return inserted.count === 1;
};

/** Closes a firing episode and returns it; null when it is not firing. Unique index (slo_id, pair_id, number). */
export const resolveAlert = async (
  db: Db,
  alert: AlertKey & { resolvedAt: EpochMs; reason: string; reading: object },
): Promise<AlertEpisode | null> => {
  const rows = await db<EpisodeRow[]>`
    update alerts
       set state = 'resolved', has_data = true, resolved_at = greatest(fired_at, ${new Date(alert.resolvedAt)}::timestamptz),
           resolve_reason = ${alert.reason}, resolved_reading = ${JSON.stringify(alert.reading)}::text::jsonb, updated_at = now()
     where slo_id = ${alert.sloId} and pair_id = ${alert.pairId} and number = ${alert.number} and state = 'firing'
    returning ${episodeColumns(db)}`;
  return rows[0] === undefined ? null : episodeOf(rows[0]);
};

/** Marks a firing alert as judged on data, or as without data. Unique index (slo_id, pair_id, number). */
export const setAlertHasData = async (db: Db, key: AlertKey, hasData: boolean): Promise<void> => {
  await db`
    update alerts set has_data = ${hasData}, updated_at = now()
     where slo_id = ${key.sloId} and pair_id = ${key.pairId} and number = ${key.number} and state = 'firing'`;
};

/** The reading an alert fired with, as JSON text. Unique index (slo_id, pair_id, number). */
export const readFiringReading = async (db: Db, key: AlertKey): Promise<string | null> => {
  const rows = await db<{ reading: string }[]>`
    select firing_reading::text as reading from alerts
     where slo_id = ${key.sloId} and pair_id = ${key.pairId} and number = ${key.number}`;
  return rows[0]?.reading ?? null;
};

/**
 * Probes with bad results within [from, until), and the locations that saw them. For availability from `buckets`, for
 * latency from `runs`; both by their primary keys, one range a probe and location that stops at the first hit.
 */
export const readFailing = async (
  db: Db,
  args: { probeIds: readonly string[]; sli: SliDefinition; from: EpochMs; until: EpochMs },
): Promise<{ probes: string[]; locations: string[] }> => {
  const { probeIds } = args;
  const sli = eventSliOf(args.sli);
  const [from, until] = [new Date(args.from), new Date(args.until)];
  const isBad =
    sli.kind === "availability"
      ? db`select 1 from buckets b
            where b.probe_no = f.probe_no and b.location_no = f.location_no and b.minute >= ${from} and b.minute < ${until}
              and b.bad > 0 limit 1`
      : db`select 1 from runs r
            where r.probe_no = f.probe_no and r.location_no = f.location_no and r.scheduled_at >= ${from}
              and r.scheduled_at < ${until} and r.class in (0, 1) and r.duration_us > ${Math.round(sli.thresholdMs * 1_000)}
            limit 1`;
  const rows = await db<{ probe_id: string; location_id: string }[]>`
    select p.id as probe_id, l.id as location_id
      from probes p
      join first_runs f on f.probe_no = p.no
      join locations l on l.no = f.location_no
     cross join lateral (${isBad}) as bad
     where p.id = any(${[...probeIds]}::text[])
     order by p.id, l.id`;
  return {
    probes: [...new Set(rows.map((row) => row.probe_id))],
    locations: [...new Set(rows.map((row) => row.location_id))].sort(),
  };
};
