import type { Database } from "#db/database.ts";
import { readServices } from "#db/queries/config.ts";
import type { AlertResource } from "#lib/contracts/alerts.ts";
import type { IncidentResource, IncidentTemplateResource, PostmortemDraft } from "#lib/contracts/incidents.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import { isClosed } from "#lib/core/incidents/life.ts";
import { getAlert, getAlerts, listAlerts } from "./alerts.ts";
import { getIncident, getIncidentTemplate, listIncidents, listIncidentTemplates } from "./incidents.ts";
import type { Listed } from "./pagination.ts";
import { getPostmortemDraft } from "./postmortem.ts";
import { requireScope } from "./require-session.ts";
import { getWebContext } from "./web-context.ts";

/** A service as the desk names it. */
export type DeskService = { readonly id: string; readonly name: string };

const PAGE = 20;
/** More than are ever open at once. */
const OPEN_LIMIT = 100;

/** Services in the order of the page. */
export const deskServices = async (database: Database): Promise<DeskService[]> =>
  (await database.read((db) => readServices(db))).map(({ id, name }) => ({ id, name }));

/** Incidents that are open, and drafts: `listIncidents` with `open=true`, the newest first. */
export const openIncidents = async (database: Database): Promise<IncidentResource[]> =>
  (await listIncidents(database, { limit: OPEN_LIMIT, open: "true" })).data;

export type DeskFilter = { readonly service?: string | undefined; readonly after?: string | undefined };

export type Desk = {
  readonly services: readonly DeskService[];
  /** On the page. */
  readonly open: readonly IncidentResource[];
  /** Drafts, and those that are published by themselves later. */
  readonly waiting: readonly IncidentResource[];
  readonly recent: Listed<IncidentResource>;
};

/** What the desk lists: what is open, what waits for somebody, and one page of what is over. @throws AppError */
export const loadDesk = async (cookie: string | null, { service, after }: DeskFilter): Promise<Desk> => {
  await requireScope(cookie, "incidents:read");
  const { database } = getWebContext();
  const [services, unclosed, recent] = await Promise.all([
    deskServices(database),
    listIncidents(database, { limit: OPEN_LIMIT, open: "true", service }),
    listIncidents(database, { limit: PAGE, open: "false", service, after }),
  ]);
  return {
    services,
    open: unclosed.data.filter(({ publication }) => publication === "published"),
    waiting: unclosed.data.filter(({ publication }) => publication !== "published"),
    recent,
  };
};

const orNull = <T>(found: Promise<T>): Promise<T | null> =>
  found.catch((error: unknown) => {
    if (errorCodeOf(error) === "NOT_FOUND") return null;
    throw error;
  });

export type DeskIncident = {
  readonly incident: IncidentResource;
  readonly services: readonly DeskService[];
  /** Others that it can become part of. */
  readonly others: readonly IncidentResource[];
  /** Its own, the oldest first. */
  readonly alerts: readonly AlertResource[];
  /** That fire and belong to no incident that is open. */
  readonly loose: readonly AlertResource[];
  /** Of incidents that are over. */
  readonly postmortem: PostmortemDraft | null;
};

/** One incident with everything that the desk can do with it; null when there is none of this id. @throws AppError */
export const loadDeskIncident = async (cookie: string | null, id: string): Promise<DeskIncident | null> => {
  await requireScope(cookie, "incidents:read");
  const { database, clock } = getWebContext();
  const incident = await orNull(getIncident(database, id));
  if (incident === null) return null;
  const isOver = isClosed(incident.status) && incident.publication === "published";
  const [services, unclosed, firing, alerts, postmortem] = await Promise.all([
    deskServices(database),
    openIncidents(database),
    listAlerts(database, { limit: OPEN_LIMIT, state: "firing", severity: null, sloId: null, serviceId: null }),
    getAlerts(database, incident.alertIds),
    isOver ? getPostmortemDraft(database, id, clock.now()) : null,
  ]);
  const taken = new Set([...unclosed.flatMap(({ alertIds }) => alertIds), ...incident.alertIds]);
  return {
    incident,
    services,
    others: unclosed.filter((other) => other.id !== id),
    alerts,
    loose: firing.data.filter((alert) => !taken.has(alert.id)),
    postmortem,
  };
};

export type NewIncident = {
  readonly services: readonly DeskService[];
  readonly templates: readonly IncidentTemplateResource[];
  readonly template: IncidentTemplateResource | null;
  readonly alert: AlertResource | null;
  /** Open ones of the alert's service: it may belong to one of them. */
  readonly related: readonly IncidentResource[];
};

/** What a new incident begins with: nothing, a template, or an alert. Unknown ids begin with nothing. @throws AppError */
export const loadNewIncident = async (
  cookie: string | null,
  { alertId, templateId }: { readonly alertId: string | undefined; readonly templateId: string | undefined },
): Promise<NewIncident> => {
  await requireScope(cookie, "incidents:read");
  const { database } = getWebContext();
  const [services, { data: templates }, template, alert] = await Promise.all([
    deskServices(database),
    listIncidentTemplates(database, { limit: OPEN_LIMIT }),
    templateId === undefined ? null : orNull(getIncidentTemplate(database, templateId)),
    alertId === undefined ? null : orNull(getAlert(database, alertId)),
  ]);
  const related =
    alert === null
      ? []
      : (await openIncidents(database)).filter(({ serviceIds }) => serviceIds.includes(alert.serviceId));
  return { services, templates, template, alert, related };
};

/** Templates by name, and the services that they may name. @throws AppError */
export const loadDeskTemplates = async (
  cookie: string | null,
): Promise<{ services: readonly DeskService[]; templates: readonly IncidentTemplateResource[] }> => {
  await requireScope(cookie, "incidents:read");
  const { database } = getWebContext();
  const [services, { data: templates }] = await Promise.all([
    deskServices(database),
    listIncidentTemplates(database, { limit: OPEN_LIMIT }),
  ]);
  return { services, templates };
};
