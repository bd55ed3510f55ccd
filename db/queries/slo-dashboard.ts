import type { AlertReading } from "#lib/contracts/api.ts";
import type { AlertSeverity, SloDefinition } from "#lib/core/definitions.ts";
import type { BudgetReading, Reading } from "#lib/core/slo/reading.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs, MINUTE_MS } from "#lib/core/units.ts";
import type { Db } from "../database.ts";

/** A stored reading; `raw` is the budget without exclusions, null while they change nothing, left out by old releases. */
export type DashboardReading = Reading & { readonly raw?: BudgetReading | null };

/** An SLO in force with its newest reading; the reading is null until the present definition was evaluated once. */
export type SloWithReading = {
  readonly id: string;
  readonly serviceId: string;
  readonly serviceName: string;
  readonly version: number;
  readonly definition: SloDefinition;
  readonly activeFrom: EpochMs;
  readonly reading: DashboardReading | null;
  /** End of the newest complete minute that the reading saw. */
  readonly evaluatedAt: EpochMs | null;
};

type SloDbRow = {
  id: string;
  service_id: string;
  service_name: string;
  version: number;
  definition: string;
  active_from: Date;
  reading: string | null;
  through_minute: Date | null;
};

/** All SLOs in force in the order of the file, or the one with this id, or those with these. */
export const readSlosWithReadings = async (
  db: Db,
  wanted: string | readonly string[] | null,
): Promise<SloWithReading[]> => {
  const ids = typeof wanted === "string" ? [wanted] : wanted;
  const rows = await db<SloDbRow[]>`
    select s.id, s.service_id, sv.name as service_name, s.version, s.definition::text as definition, v.active_from,
           r.reading::text as reading, r.through_minute
      from slos s
      join services sv on sv.id = s.service_id
      join slo_versions v on v.slo_id = s.id and v.version = s.version
      left join slo_readings r on r.slo_id = s.id and r.version = s.version
     where s.retired_at is null ${ids === null ? db`` : db`and s.id = any(${[...ids]}::text[])`}
     order by s.position, s.id`;
  return rows.map((row) => ({
    id: row.id,
    serviceId: row.service_id,
    serviceName: row.service_name,
    version: row.version,
    definition: JSON.parse(row.definition) as SloDefinition,
    activeFrom: epochMs(row.active_from.getTime()),
    reading: row.reading === null ? null : (JSON.parse(row.reading) as DashboardReading),
    evaluatedAt: row.through_minute === null ? null : epochMs(row.through_minute.getTime() + MINUTE_MS),
  }));
};

/** One episode of a burn-rate pair. */
export type SloAlert = {
  readonly id: string;
  readonly sloId: string;
  readonly pairId: string;
  readonly severity: AlertSeverity;
  readonly state: "firing" | "resolved";
  readonly hasData: boolean;
  readonly firedAt: EpochMs;
  readonly resolvedAt: EpochMs | null;
  readonly resolveReason: "recovered" | "no_data" | "excluded" | "policy_changed" | null;
  readonly firingReading: AlertReading;
  /** Why nobody is told of it now: ids of silences, and of the alerts that stand before it. Empty: they are. */
  readonly silencedBy: readonly string[];
  readonly inhibitedBy: readonly string[];
  readonly mutedBy: readonly string[];
  /** Who looks after it; null: nobody said so. */
  readonly acknowledgedBy: string | null;
};

type AlertDbRow = {
  id: string;
  slo_id: string;
  pair_id: string;
  severity: AlertSeverity;
  state: "firing" | "resolved";
  has_data: boolean;
  fired_at: Date;
  resolved_at: Date | null;
  resolve_reason: SloAlert["resolveReason"];
  firing_reading: string;
  silenced_by: string[];
  inhibited_by: string[];
  muted_by: string[];
  acknowledged_by: string | null;
};

const alertColumns = (db: Db) => db`
  id, slo_id, pair_id, severity, state, has_data, fired_at, resolved_at, resolve_reason,
  firing_reading::text as firing_reading, silenced_by, inhibited_by, muted_by,
  (select k.author from acknowledgements k where k.alert_id = alerts.id and k.ended_at is null) as acknowledged_by`;

const alertOf = (row: AlertDbRow): SloAlert => ({
  id: row.id,
  sloId: row.slo_id,
  pairId: row.pair_id,
  severity: row.severity,
  state: row.state,
  hasData: row.has_data,
  firedAt: epochMs(row.fired_at.getTime()),
  resolvedAt: row.resolved_at === null ? null : epochMs(row.resolved_at.getTime()),
  resolveReason: row.resolve_reason,
  firingReading: JSON.parse(row.firing_reading) as AlertReading,
  silencedBy: row.silenced_by,
  inhibitedBy: row.inhibited_by,
  mutedBy: row.muted_by,
  acknowledgedBy: row.acknowledged_by,
});

/** What fires now, over all SLOs. */
export const readFiringAlerts = async (db: Db): Promise<SloAlert[]> => {
  const rows = await db<AlertDbRow[]>`
    select ${alertColumns(db)} from alerts where state = 'firing' order by fired_at`;
  return rows.map(alertOf);
};

/** The newest episodes of one SLO: those that fire first, pages before tickets, then by when they fired. */
export const readAlertHistory = async (db: Db, args: { sloId: string; limit: number }): Promise<SloAlert[]> => {
  const rows = await db<AlertDbRow[]>`
    select ${alertColumns(db)} from alerts where slo_id = ${args.sloId}
     order by (state = 'firing') desc, case when state = 'firing' then severity end, fired_at desc, pair_id limit ${args.limit}`;
  return rows.map(alertOf);
};

/** A definition as it was or is in force; `activeUntil` null: still. */
export type SloVersionRow = {
  readonly version: number;
  readonly definition: SloDefinition;
  readonly activeFrom: EpochMs;
  readonly activeUntil: EpochMs | null;
};

/** The newest definitions of an SLO, the newest first. Range of the primary key of `slo_versions`, backwards. */
export const readVersionsOfSlo = async (db: Db, sloId: string, limit: number): Promise<SloVersionRow[]> => {
  const rows = await db<{ version: number; definition: string; active_from: Date; active_until: Date | null }[]>`
    select version, definition::text as definition, active_from, active_until
      from slo_versions where slo_id = ${sloId} order by version desc limit ${limit}`;
  return rows.map((row) => ({
    version: row.version,
    definition: JSON.parse(row.definition) as SloDefinition,
    activeFrom: epochMs(row.active_from.getTime()),
    activeUntil: row.active_until === null ? null : epochMs(row.active_until.getTime()),
  }));
};
