import type { Db } from "#db/database.ts";
import type { EndpointSettings } from "#lib/core/definitions.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

/** A firing alert that nobody looks after, at an endpoint that was told of it and wants to be told again. */
export type Remindable = {
  readonly alertId: string;
  readonly severity: "page" | "ticket";
  readonly firedAt: EpochMs;
  readonly endpointId: string;
  readonly settings: EndpointSettings;
};

/** Partial index of firing alerts, unique index on dedup_key, unique index of deliveries by event and endpoint. */
export const readRemindable = async (db: Db): Promise<Remindable[]> => {
  const rows = await db<(Omit<Remindable, "firedAt"> & { firedAt: Date })[]>`
    select a.id as "alertId", a.severity, a.fired_at as "firedAt", e.id as "endpointId", e.settings
      from alerts a
      join events v on v.dedup_key = 'alert:' || coalesce(a.slo_id, 'threshold') || ':' || a.pair_id || ':' || a.number || ':firing'
      join deliveries d on d.event_id = v.id and d.state = 'delivered'
      join endpoints e on e.id = d.endpoint_id
     where a.state = 'firing' and a.silenced_by || a.inhibited_by || a.muted_by = '{}'
       and not exists (select 1 from acknowledgements k where k.alert_id = a.id and k.ended_at is null)
       and e.settings ? 'remindEveryMs' and e.state = 'active' and e.retired_at is null
     order by a.id, e.id`;
  return rows.map((row) => ({ ...row, firedAt: epochMs(row.firedAt.getTime()) }));
};

/** Those of some events' keys that are recorded already. */
export const readKnownKeys = async (db: Db, keys: readonly string[]): Promise<ReadonlySet<string>> => {
  const rows = await db<{ key: string }[]>`
    select dedup_key as key from events where dedup_key = any(${[...keys]}::text[])`;
  return new Set(rows.map(({ key }) => key));
};
