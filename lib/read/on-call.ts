import type { Database } from "#db/database.ts";
import { readAlert, readAlertPage } from "#db/queries/alert-facts.ts";
import type { SloWithReading } from "#db/queries/slo-dashboard.ts";
import { readSlosWithReadings } from "#db/queries/slo-dashboard.ts";
import { alertResource } from "#lib/contracts/alert-resource.ts";
import type { AlertResource } from "#lib/contracts/alerts.ts";
import type { IncidentResource } from "#lib/contracts/incidents.ts";
import type { SilenceResource } from "#lib/contracts/silences.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";
import type { DeskService } from "./incident-desk.ts";
import { deskServices, openIncidents } from "./incident-desk.ts";
import { requireScope } from "./require-session.ts";
import { listSilences } from "./silences.ts";
import { getWebContext } from "./web-context.ts";

/** Of an objective: how it burns now. */
export type Burning = Pick<SloWithReading, "id" | "reading" | "evaluatedAt">;

/** What stands around every alert of the on-call view. */
export type OnCallContext = {
  readonly services: readonly DeskService[];
  /** Open ones and drafts, the newest first. */
  readonly incidents: readonly IncidentResource[];
  readonly silences: readonly SilenceResource[];
  readonly burning: readonly Burning[];
};

export type OnCall = OnCallContext & {
  /** That somebody should look at: pages before tickets, what nobody looks after before the rest, the oldest first. */
  readonly firing: readonly AlertResource[];
  /** That fire and of which nobody is told: silenced, inhibited, or a ticket beside its page. */
  readonly quiet: readonly AlertResource[];
  /** That ended within the last day, the newest first. */
  readonly over: readonly AlertResource[];
};

const LIMIT = 200;

/** As `/v1/alerts` has them, with the names of those who look after them: who is signed in may know. */
const readResources = async (
  database: Database,
  which: { readonly state: "firing" | "resolved"; readonly endedAfter?: EpochMs },
): Promise<AlertResource[]> => {
  const filter = { ...which, severity: null, sloId: null, serviceId: null };
  const facts = await database.read((db) => readAlertPage(db, { filter, limit: LIMIT, after: null, before: null }));
  return facts.map((alert) => alertResource(alert, { isPublic: false }));
};

const isQuiet = ({ silencedBy, inhibitedBy, mutedBy }: AlertResource): boolean =>
  silencedBy.length + inhibitedBy.length + mutedBy.length > 0;

const urgency = ({ severity, acknowledgement }: AlertResource): number =>
  (severity === "page" ? 0 : 2) + (acknowledgement === null ? 0 : 1);

const byUrgency = (a: AlertResource, b: AlertResource): number =>
  urgency(a) - urgency(b) || (a.firedAt < b.firedAt ? -1 : Number(a.firedAt > b.firedAt));

const readBurning = async (database: Database, alerts: readonly AlertResource[]): Promise<Burning[]> => {
  const ids = [...new Set(alerts.map(({ sloId }) => sloId).filter((id) => id !== null))];
  // On most days none of them fires.
  return ids.length === 0 ? [] : database.read((db) => readSlosWithReadings(db, ids));
};

const readContext = async (
  database: Database,
  now: EpochMs,
  alerts: readonly AlertResource[],
): Promise<OnCallContext> => {
  const [services, incidents, silences, burning] = await Promise.all([
    deskServices(database),
    openIncidents(database),
    listSilences(database, { limit: LIMIT, state: "active" }, now),
    readBurning(database, alerts),
  ]);
  return { services, incidents, silences: silences.data, burning };
};

/** What fires now and what ended within a day. @throws AppError UNAUTHENTICATED, FORBIDDEN */
export const loadOnCall = async (cookie: string | null): Promise<OnCall> => {
  await requireScope(cookie, "alerts:read");
  const { database, clock } = getWebContext();
  const now = clock.now();
  const [firing, resolved] = await Promise.all([
    readResources(database, { state: "firing" }),
    readResources(database, { state: "resolved", endedAfter: addMs(now, -DAY_MS) }),
  ]);
  const context = await readContext(database, now, firing);
  return {
    ...context,
    firing: firing.filter((alert) => !isQuiet(alert)).sort(byUrgency),
    quiet: firing.filter(isQuiet).sort(byUrgency),
    over: resolved
      .filter(({ resolvedAt }) => resolvedAt !== null && Date.parse(resolvedAt) > now - DAY_MS)
      .sort((a, b) => ((a.resolvedAt ?? "") > (b.resolvedAt ?? "") ? -1 : 1)),
  };
};

/** One alert as the on-call view shows it; null when there is none of this id. @throws AppError */
export const loadOnCallAlert = async (
  cookie: string | null,
  id: string,
): Promise<(OnCallContext & { readonly alert: AlertResource }) | null> => {
  await requireScope(cookie, "alerts:read");
  const { database, clock } = getWebContext();
  const facts = await database.read((db) => readAlert(db, id));
  if (facts === null) return null;
  const alert = alertResource(facts, { isPublic: false });
  return { ...(await readContext(database, clock.now(), [alert])), alert };
};
