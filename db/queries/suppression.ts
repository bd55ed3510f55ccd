import type { Db } from "#db/database.ts";
import type { FiringAlert, Suppression } from "#lib/core/alerting/suppression.ts";

/** A firing alert and who is told of it. */
export type FiringRow = FiringAlert &
  Suppression & {
    readonly number: number;
    readonly notify: readonly string[] | null;
  };

/** All firing alerts, of pairs and of thresholds; locked until the transaction ends when asked for. Partial indexes. */
export const readFiring = async (db: Db, options: { lock?: boolean } = {}): Promise<FiringRow[]> => {
  if (options.lock === true) await db`select id from alerts where state = 'firing' order by id for no key update`;
  const rows = await db<FiringRow[]>`
    select a.id, a.slo_id as "sloId", coalesce(s.service_id, a.service_id) as "serviceId", a.pair_id as "pairId", a.number,
           a.severity, a.notify, a.silenced_by as "silencedBy", a.inhibited_by as "inhibitedBy", a.muted_by as "mutedBy"
      from alerts a left join slos s on s.id = a.slo_id
     where a.state = 'firing' order by a.id`;
  return [...rows];
};

/** Stores why nobody is told of an alert, or that everybody is. */
export const writeSuppression = async (db: Db, id: string, suppression: Suppression): Promise<void> => {
  await db`
    update alerts
       set silenced_by = ${[...suppression.silencedBy]}::text[], inhibited_by = ${[...suppression.inhibitedBy]}::text[],
           muted_by = ${[...suppression.mutedBy]}::text[], updated_at = now()
     where id = ${id}`;
};

/** What services depend on, where they depend on anything. */
export const readDependencies = async (db: Db): Promise<ReadonlyMap<string, readonly string[]>> => {
  const rows = await db<{ id: string; dependsOn: string[] }[]>`
    select id, depends_on as "dependsOn" from services where retired_at is null and depends_on <> '{}'`;
  return new Map(rows.map(({ id, dependsOn }) => [id, dependsOn]));
};
