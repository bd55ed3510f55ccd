import type { Db } from "#db/database.ts";
import type { Pulse } from "#lib/core/status/pulse.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

const instantOrNull = (at: Date | null): EpochMs | null => (at === null ? null : epochMs(at.getTime()));

/** What the parts of the engine last did. Tables of one row, the partial indexes of the outbox, one a waiting endpoint. */
export const readPulse = async (db: Db, now: EpochMs): Promise<Pulse> => {
  const at = new Date(now);
  const rows = await db<Record<keyof Pulse, Date | null>[]>`
    select (select (document ->> 'dataAsOf')::timestamptz from snapshots) as "dataAsOf",
           (select closed_until from rollup_progress) as "closedUntil",
           (select max(r.computed_at) from slo_readings r join slos s on s.id = r.slo_id where s.retired_at is null)
             as "evaluatedAt",
           (select min(w.next_attempt_at)
              from endpoints e
             cross join lateral (
               select d.next_attempt_at from deliveries d
                where d.endpoint_id = e.id and d.state = 'pending' and d.next_attempt_at <= ${at}::timestamptz
                  and (d.leased_until is null or d.leased_until <= ${at}::timestamptz)
                order by d.next_attempt_at limit 1) as w
             where e.state = 'active' and e.retired_at is null and (e.admits_at is null or e.admits_at <= ${at}::timestamptz))
             as "oldestDue",
           (select max(started_at) from attempts where started_at > ${at}::timestamptz - interval '1 hour') as "lastAttemptAt"`;
  const row = rows[0] as Record<keyof Pulse, Date | null>;
  return {
    dataAsOf: instantOrNull(row.dataAsOf),
    closedUntil: instantOrNull(row.closedUntil),
    evaluatedAt: instantOrNull(row.evaluatedAt),
    oldestDue: instantOrNull(row.oldestDue),
    lastAttemptAt: instantOrNull(row.lastAttemptAt),
  };
};
