import type { Tx } from "#db/database.ts";
import { insertAudit } from "#db/queries/audit.ts";
import { insertIncidentUpdate, writeIncident, writeServices } from "#db/queries/incident-writes.ts";
import type { AffectedService, Impacts, Incident, IncidentUpdate } from "#db/queries/incidents.ts";
import { readIncident, readIncidents, readOpenImpacts } from "#db/queries/incidents.ts";
import { readStatesAt } from "#db/queries/service-states.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import type { EventType } from "#lib/contracts/events.ts";
import { incidentResource, publicationOf } from "#lib/contracts/incident-resource.ts";
import type { IncidentResource } from "#lib/contracts/incidents.ts";
import { AppError } from "#lib/core/errors.ts";
import { isClosed, lifeOf } from "#lib/core/incidents/life.ts";
import { publishedState } from "#lib/core/status/severity.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { newId } from "#lib/runtime/ids.ts";

/** Who changes an incident and when. */
export type Author = {
  /** As in the audit log: "cli", "api_key:…", "user:…", "engine". */
  readonly actor: string;
  readonly now: EpochMs;
  readonly randomBytes: RandomBytes;
};

/** The actor of what happens by itself: its changes do not count as a person's. */
export const ENGINE = "engine";

const LONGEST_MESSAGE = 20_000;
const SHOWN_OPEN = 5;

/** Text for customers: trimmed, neither empty nor absurdly long. @throws AppError INVALID_REQUEST */
export const readMessage = (text: string, what: string, longest: number = LONGEST_MESSAGE): string => {
  const message = text.replaceAll("\u0000", "").trim();
  if (message === "") throw new AppError("INVALID_REQUEST", `the ${what} is empty`);
  if (message.length > longest) {
    throw new AppError("INVALID_REQUEST", `the ${what} has ${message.length} characters; ${longest} are allowed`);
  }
  return message;
};

/** The incident, locked. @throws AppError NOT_FOUND, which names the open ones */
export const lockIncident = async (tx: Tx, id: string): Promise<Incident> => {
  const incident = await readIncident(tx, id, { lock: true });
  if (incident !== null) return incident;
  const open = (await readIncidents(tx, 0)).slice(0, SHOWN_OPEN).map((one) => `${one.id} (${one.name})`);
  const hint = open.length === 0 ? "no incident is open" : `open: ${open.join(", ")}`;
  throw new AppError("NOT_FOUND", `there is no incident "${id}"; ${hint}`);
};

const WRONG_PLACE = {
  draft: "is a draft: publish it first",
  scheduled: "is not published yet: publish it first",
  discarded: "was discarded; open a new one",
  merged: "is part of another one",
} as const;

/** A published incident, locked, closed ones too. @throws AppError NOT_FOUND; CONFLICT when it is not on the page. */
export const lockPublished = async (tx: Tx, id: string): Promise<Incident> => {
  const incident = await lockIncident(tx, id);
  const publication = publicationOf(incident);
  if (publication === "published") return incident;
  const into = incident.mergedInto === null ? "" : `, ${incident.mergedInto}`;
  throw new AppError("CONFLICT", `the incident ${id} ${WRONG_PLACE[publication]}${into}`);
};

/** An open published incident, locked. @throws AppError NOT_FOUND; CONFLICT when it is closed already. */
export const lockOpenIncident = async (tx: Tx, id: string): Promise<Incident> => {
  const incident = await lockPublished(tx, id);
  if (isClosed(incident.status))
    throw new AppError("CONFLICT", `the incident ${id} is resolved already; reopen it, or open a new one`);
  return incident;
};

/**
 * What impacts do to the services' published states at an instant. `before` and `after` are the incident's own ones
 * around the change; null: it does not count.
 */
export const affectedStates = async (
  tx: Tx,
  args: {
    readonly incidentId: string | null;
    readonly serviceIds: readonly string[];
    readonly before: Impacts | null;
    readonly after: Impacts | null;
    readonly at: EpochMs;
  },
): Promise<AffectedService[]> => {
  const states = await readStatesAt(tx, args.serviceIds, args.at);
  const others = await readOpenImpacts(tx, args.serviceIds, args.incidentId);
  return args.serviceIds.map((serviceId) => {
    const measured = states.get(serviceId)?.measured ?? "unknown";
    const stateWith = (own: Impacts | null) => {
      const impact = own?.[serviceId];
      return publishedState(measured, [...(others.get(serviceId) ?? []), ...(impact === undefined ? [] : [impact])]);
    };
    return { serviceId, oldState: stateWith(args.before), newState: stateWith(args.after) };
  });
};

/** What the audit log keeps of an incident: all but its texts of before. */
const auditOf = ({ updates, ...rest }: IncidentResource) => ({
  ...rest,
  message: updates[0]?.body ?? null,
  updateCount: updates.length,
});

/**
 * Tells of a change: audit row and event, with the incident as it is now. `key` makes it one of a kind, so that a repeat of
 * what happens by itself tells nothing twice.
 */
export const tellIncident = async (
  tx: Tx,
  type: EventType,
  { id, before, key }: { readonly id: string; readonly before: Incident | null; readonly key: string },
  { actor, now }: Pick<Author, "actor" | "now">,
): Promise<IncidentResource> => {
  const incident = (await readIncident(tx, id)) as Incident;
  const data = incidentResource(incident);
  const all = { withPlanned: true };
  await insertAudit(tx, {
    at: now,
    actor,
    action: type,
    subject: id,
    before: before === null ? null : auditOf(incidentResource(before, all)),
    after: auditOf(incidentResource(incident, all)),
  });
  await recordEvent(tx, { type, subject: id, dedupKey: `${type}:${key}`, data, occurredAt: now, notify: null, now });
  return incidentResource(incident, all);
};

/** Changes of columns that no update decides. */
export type IncidentPatch = Partial<
  Pick<
    Incident,
    | "name"
    | "impact"
    | "startedAt"
    | "publishedAt"
    | "publishAt"
    | "discardedAt"
    | "mergedInto"
    | "translations"
    | "asksAt"
  >
>;

/** Writes an incident anew from its updates, and what a person's hand on it means. */
export const settleIncident = async (
  tx: Tx,
  id: string,
  patch: IncidentPatch,
  { actor, now }: Author,
): Promise<void> => {
  const stored = (await readIncident(tx, id)) as Incident;
  const incident = { ...stored, ...patch };
  const shown = incident.updates.filter(({ publishedAt }) => publishedAt !== null);
  const life = lifeOf(shown.length === 0 ? incident.updates.slice(-1) : shown, incident.startedAt);
  const handledAt = actor === ENGINE ? incident.handledAt : (incident.handledAt ?? now);
  await writeServices(tx, id, life.impacts);
  await writeIncident(
    tx,
    {
      ...incident,
      status: life.status,
      impact: patch.impact ?? life.impact ?? incident.impact,
      monitoringAt: life.monitoringAt,
      resolvedAt: life.resolvedAt,
      handledAt,
      asksAt: isClosed(life.status) ? null : incident.asksAt,
    },
    now,
  );
};

/** An update before it is stored. */
export type NewUpdate = Omit<IncidentUpdate, "id" | "incidentId" | "affected" | "createdAt" | "updatedAt">;

/** Stores an update, published or planned, and brings the incident in line. Returns its id. */
export const addUpdate = async (tx: Tx, incident: Incident, update: NewUpdate, author: Author): Promise<string> => {
  const { now, randomBytes } = author;
  const id = newId("upd", now, randomBytes);
  const affected = await statesAround(tx, incident, { ...update, id });
  await insertIncidentUpdate(tx, { ...update, id, incidentId: incident.id, affected }, now);
  await settleIncident(tx, incident.id, {}, author);
  return id;
};

/** The states of the services around an update of an incident that is otherwise as it was. */
export const statesAround = (
  tx: Tx,
  incident: Incident,
  update: Pick<IncidentUpdate, "id" | "status" | "displayAt" | "impact" | "impacts">,
): Promise<AffectedService[]> => {
  const earlier = incident.updates.filter(
    ({ id, publishedAt, displayAt }) => id !== update.id && publishedAt !== null && displayAt <= update.displayAt,
  );
  const before = lifeOf(earlier, incident.startedAt);
  const after = lifeOf([...earlier, update], incident.startedAt);
  const isNew = earlier.length === 0;
  const serviceIds = [...new Set([...incident.serviceIds, ...Object.keys(update.impacts)])];
  return affectedStates(tx, {
    incidentId: incident.id,
    serviceIds,
    before: isNew || isClosed(before.status) ? null : { ...incident.impacts, ...before.impacts },
    after: isClosed(after.status) ? null : { ...incident.impacts, ...after.impacts },
    at: update.displayAt,
  });
};

/** An incident's own key for events of what people do: each is one of a kind. */
export const eventKeyOf = (id: string, { now, randomBytes }: Author): string =>
  `${id}:${newId("upd", now, randomBytes)}`;
