import type { Db } from "#db/database.ts";
import { readIncidentCosts } from "#db/queries/incident-costs.ts";
import { readIncidents, readIncidentsMark } from "#db/queries/incidents.ts";
import type { Incident } from "#lib/contracts/incident-resource.ts";
import type { SnapshotIncident } from "#lib/contracts/snapshot-incidents.ts";
import { isClosed } from "#lib/core/incidents/life.ts";
import type { Impact } from "#lib/core/status/severity.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";
import { snapshotIncident } from "#lib/read/snapshot-incident.ts";

const MOST_INCIDENTS = 50;
const SHOWN_DAYS = 90;

/** The incidents that the page shows, as they were read last, and the snapshot's form of them. */
export type IncidentPart = {
  readonly mark: string;
  readonly incidents: readonly Incident[];
  readonly shown: readonly SnapshotIncident[];
};

/**
 * The public incidents: all open ones, those that ended within 90 days and the 50 newest. `known` is given back while nothing
 * changed, so that nothing is read or rendered twice.
 */
export const readIncidentPart = async (
  db: Db,
  now: EpochMs,
  known: IncidentPart | null = null,
): Promise<IncidentPart> => {
  const mark = await readIncidentsMark(db);
  if (known?.mark === mark) return known;
  const incidents = await readIncidents(db, MOST_INCIDENTS, addMs(now, -SHOWN_DAYS * DAY_MS));
  const ids = incidents.map(({ id }) => id);
  const costs = Map.groupBy(await readIncidentCosts(db, ids), ({ incidentId }) => incidentId);
  return { mark, incidents, shown: incidents.map((one) => snapshotIncident(one, costs.get(one.id) ?? [])) };
};

/** The impacts that open incidents have on a service. */
export const openImpactsOn = ({ incidents }: Pick<IncidentPart, "incidents">, serviceId: string): Impact[] =>
  incidents.flatMap(({ status, impacts }) => {
    const impact = impacts[serviceId];
    return isClosed(status) || impact === undefined ? [] : [impact];
  });
