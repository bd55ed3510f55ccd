import type { Db } from "#db/database.ts";

/** A firing alert without data that nobody was told of yet. */
export type BlindAlert = {
  readonly id: string;
  readonly sloId: string | null;
  readonly serviceId: string;
  readonly pairId: string;
  readonly notify: readonly string[] | null;
  readonly isSuppressed: boolean;
  /** Of the event that tells of it. */
  readonly dedupKey: string;
};

/** Firing alerts without data whose event is not recorded. Partial index of firing alerts, unique index on dedup_key. */
export const readUntoldBlindAlerts = async (db: Db): Promise<BlindAlert[]> => {
  const rows = await db<BlindAlert[]>`
    select a.id, a.slo_id as "sloId", coalesce(s.service_id, a.service_id) as "serviceId", a.pair_id as "pairId", a.notify,
           a.silenced_by || a.inhibited_by || a.muted_by <> '{}' as "isSuppressed", 'prober.blind:' || a.id as "dedupKey"
      from alerts a left join slos s on s.id = a.slo_id
     where a.state = 'firing' and not a.has_data
       and not exists (select 1 from events e where e.dedup_key = 'prober.blind:' || a.id)
     order by a.id`;
  return [...rows];
};
