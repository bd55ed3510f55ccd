import type { Tx } from "#db/database.ts";
import { writeIncidentUpdate } from "#db/queries/incident-writes.ts";
import type { Incident } from "#db/queries/incidents.ts";
import { publicationOf } from "#lib/contracts/incident-resource.ts";
import type { IncidentResource } from "#lib/contracts/incidents.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Author } from "./change-incident.ts";
import { affectedStates, lockIncident, settleIncident, tellIncident } from "./change-incident.ts";

/** A draft, or one that waits for its time, locked. @throws AppError NOT_FOUND; CONFLICT */
const lockDraft = async (tx: Tx, id: string): Promise<Incident> => {
  const incident = await lockIncident(tx, id);
  const publication = publicationOf(incident);
  if (publication === "draft" || publication === "scheduled") return incident;
  throw new AppError("CONFLICT", `the incident ${id} is ${publication}, no draft`);
};

/** Puts a draft on the page. `incident` is locked. */
export const publishDraft = async (tx: Tx, incident: Incident, author: Author): Promise<IncidentResource> => {
  const { id, impacts, serviceIds } = incident;
  const { now } = author;
  for (const update of incident.updates) {
    const affected = await affectedStates(tx, { incidentId: id, serviceIds, before: null, after: impacts, at: now });
    await writeIncidentUpdate(tx, { ...update, affected, displayAt: now, publishedAt: now }, now);
  }
  await settleIncident(tx, id, { publishedAt: now }, author);
  return tellIncident(tx, "incident.opened", { id, before: incident, key: id }, author);
};

/** @throws AppError NOT_FOUND; CONFLICT when it is no draft */
export const publishIncident = async (tx: Tx, args: Author & { readonly id: string }): Promise<IncidentResource> =>
  publishDraft(tx, await lockDraft(tx, args.id), args);

/** Throws a draft away; its alerts open no other one. @throws AppError NOT_FOUND; CONFLICT when it is no draft */
export const discardIncident = async (tx: Tx, args: Author & { readonly id: string }): Promise<IncidentResource> => {
  const incident = await lockDraft(tx, args.id);
  const { id } = incident;
  await settleIncident(tx, id, { discardedAt: args.now }, args);
  return tellIncident(tx, "incident.discarded", { id, before: incident, key: id }, args);
};
