import type { SloAlert, SloWithReading } from "#db/queries/slo-dashboard.ts";
import { readAlertHistory, readFiringAlerts, readSlosWithReadings } from "#db/queries/slo-dashboard.ts";
import { requireSession } from "../require-session.ts";
import { getWebContext } from "../web-context.ts";

export type { SloAlert, SloWithReading };

/** An SLO with what fires on it, as the overview lists it. */
export type SloOverviewRow = SloWithReading & { readonly firing: readonly SloAlert[] };

/** How much an SLO wants attention: 2 a page fires, 1 a ticket fires, 0 nothing fires. */
const urgency = ({ firing }: SloOverviewRow): number =>
  firing.some(({ severity }) => severity === "page") ? 2 : firing.length > 0 ? 1 : 0;

/** Null comes after every number. */
const ascending = (a: number | null | undefined, b: number | null | undefined): number =>
  (a ?? Number.POSITIVE_INFINITY) === (b ?? Number.POSITIVE_INFINITY)
    ? 0
    : (a ?? Number.POSITIVE_INFINITY) - (b ?? Number.POSITIVE_INFINITY);

/** What matters now comes first: firing, then exhausting soonest, then the least budget left, then by id. */
export const byWhatMattersNow = (a: SloOverviewRow, b: SloOverviewRow): number =>
  urgency(b) - urgency(a) ||
  ascending(a.reading?.budget.minutesToExhaustion, b.reading?.budget.minutesToExhaustion) ||
  ascending(a.reading?.budget.remaining, b.reading?.budget.remaining) ||
  (a.id < b.id ? -1 : 1);

/** All SLOs in force, what matters now first. @throws Error "NotSignedIn" without a session. */
export const loadSloOverview = async (cookieHeader: string | null): Promise<readonly SloOverviewRow[]> => {
  await requireSession(cookieHeader);
  return getWebContext().database.read(async (db) => {
    const slos = await readSlosWithReadings(db, null);
    const firing = await readFiringAlerts(db);
    const bySlo = Map.groupBy(firing, ({ sloId }) => sloId);
    return slos.map((slo) => ({ ...slo, firing: bySlo.get(slo.id) ?? [] })).sort(byWhatMattersNow);
  });
};

const HISTORY_LIMIT = 50;

/** One SLO with its newest alerts; null when no SLO in force has this id. @throws Error "NotSignedIn" without a session. */
export const loadSlo = async (
  cookieHeader: string | null,
  sloId: string,
): Promise<{ slo: SloWithReading; alerts: readonly SloAlert[] } | null> => {
  await requireSession(cookieHeader);
  return getWebContext().database.read(async (db) => {
    const [slo] = await readSlosWithReadings(db, sloId);
    return slo === undefined ? null : { slo, alerts: await readAlertHistory(db, { sloId, limit: HISTORY_LIMIT }) };
  });
};
