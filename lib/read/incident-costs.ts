import type { Database } from "#db/database.ts";
import type { CostedIncident, IncidentCost } from "#db/queries/incident-costs.ts";
import type { SloWithReading } from "#db/queries/slo-dashboard.ts";
import { readSlosWithReadings } from "#db/queries/slo-dashboard.ts";
import { calendarSpanAt } from "#lib/core/slo/window.ts";
import { localDate } from "#lib/core/status/local-days.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, epochMs, MINUTE_MS } from "#lib/core/units.ts";
import { getLedgers } from "./ledger.ts";

/** What an incident spent of a budget, with the figures behind it. */
export type MeasuredCost = IncidentCost & { readonly objective: string; readonly bad: number };

/** The window that a budget is of: the period of the calendar in which the incident began, or the one that ends with it. */
const windowOf = ({ definition }: SloWithReading, incident: CostedIncident, now: EpochMs) => {
  const { window } = definition;
  if (window.kind === "rolling") {
    const end = incident.resolvedAt ?? now;
    return { to: epochMs(Math.ceil(end / MINUTE_MS) * MINUTE_MS), period: null };
  }
  const { startsAt, endsAt } = calendarSpanAt(window, incident.startedAt);
  const day = localDate(addMs(startsAt, DAY_MS / 2), window.timeZone);
  return { from: startsAt, to: endsAt, period: window.period === "month" ? day.slice(0, 7) : null };
};

/**
 * What an incident spent of the budget of each objective of its services: counted events, as the ledger has them, the dearest
 * first. Objectives that nothing was evaluated of are left out.
 */
export const measureCosts = async (
  database: Database,
  incident: CostedIncident,
  now: EpochMs,
): Promise<MeasuredCost[]> => {
  const all = await database.read((db) => readSlosWithReadings(db, null));
  const slos = all.filter(({ serviceId }) => incident.serviceIds.includes(serviceId));
  const asks = slos.map((slo) => ({ slo, ...windowOf(slo, incident, now) }));
  const ledgers = await getLedgers(database, asks, now);
  const costs = asks.flatMap(({ slo, period }, index): MeasuredCost[] => {
    const ledger = ledgers[index] ?? null;
    // Nothing was evaluated in the window: there is nothing to tell.
    if (ledger === null || ledger.consumedRatio === null) return [];
    const entry = ledger.entries.find(({ cause, id }) => cause === "incident" && id === incident.id);
    return [
      {
        ...{ incidentId: incident.id, sloId: slo.id, serviceId: slo.serviceId, objective: slo.definition.objective },
        ...{ share: Number(entry?.consumedRatio ?? 0), bad: entry?.bad ?? 0, period },
        windowDays: slo.definition.window.durationMs / DAY_MS,
      },
    ];
  });
  return costs.sort((a, b) => b.share - a.share);
};
