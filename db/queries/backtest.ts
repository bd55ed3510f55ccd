import type { AlertSeverity } from "#lib/core/definitions.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import type { Db } from "../database.ts";

/** An episode as it was, without its numbers. */
export type PastAlert = {
  readonly id: string;
  readonly pairId: string;
  readonly number: number;
  readonly severity: AlertSeverity;
  readonly firedAt: EpochMs;
  readonly resolvedAt: EpochMs | null;
  readonly reason: string | null;
};

/** Episodes of an SLO of which any part lies in [from, until), oldest first. Range of the unique index (slo_id, pair_id, number). */
export const readAlertsWithin = async (
  db: Db,
  args: { sloId: string; from: EpochMs; until: EpochMs },
): Promise<PastAlert[]> => {
  const rows = await db<
    {
      id: string;
      pair_id: string;
      number: number;
      severity: AlertSeverity;
      fired_at: Date;
      resolved_at: Date | null;
      resolve_reason: string | null;
    }[]
  >`
    select id, pair_id, number, severity, fired_at, resolved_at, resolve_reason from alerts
     where slo_id = ${args.sloId} and fired_at < ${new Date(args.until)}
       and (resolved_at is null or resolved_at >= ${new Date(args.from)})
     order by fired_at, pair_id, number`;
  return rows.map((row) => ({
    id: row.id,
    pairId: row.pair_id,
    number: row.number,
    severity: row.severity,
    firedAt: epochMs(row.fired_at.getTime()),
    resolvedAt: row.resolved_at === null ? null : epochMs(row.resolved_at.getTime()),
    reason: row.resolve_reason,
  }));
};

/** The oldest stored minute hour of a definition; null when there is none. One step in the primary key of `sli_hours`. */
export const readOldestSliHour = async (db: Db, args: { sloId: string; version: number }): Promise<EpochMs | null> => {
  const rows = await db<{ hour: Date | null }[]>`
    select min(hour) as hour from sli_hours where slo_id = ${args.sloId} and version = ${args.version}`;
  const hour = rows[0]?.hour ?? null;
  return hour === null ? null : epochMs(hour.getTime());
};

/** The longest interval of probes in force, in milliseconds; 0 without any. */
export const readSlowestInterval = async (db: Db, probeIds: readonly string[]): Promise<number> => {
  const rows = await db<{ slowest: number | null }[]>`
    select max((definition ->> 'intervalMs')::float8) as slowest from probes where id = any(${[...probeIds]}::text[])`;
  return rows[0]?.slowest ?? 0;
};
