import type { Tx } from "#db/database.ts";
import { readAlert } from "#db/queries/alert-facts.ts";
import { attachAlert, moveAlerts, readIncidentOfAlert } from "#db/queries/incident-writes.ts";
import type { Incident } from "#db/queries/incidents.ts";
import { incidentResource, publicationOf } from "#lib/contracts/incident-resource.ts";
import type { IncidentResource } from "#lib/contracts/incidents.ts";
import type { IncidentImpact } from "#lib/contracts/snapshot-incidents.ts";
import { AppError } from "#lib/core/errors.ts";
import { isClosed, nextImpacts, worstImpact } from "#lib/core/incidents/life.ts";
import type { Author } from "./change-incident.ts";
import { addUpdate, eventKeyOf, lockIncident, lockPublished, settleIncident, tellIncident } from "./change-incident.ts";

/** The services of an incident with the worse of the impacts that two give them. */
const worseOf = (source: Incident, target: Incident): Record<string, IncidentImpact> =>
  Object.fromEntries(
    Object.entries(source.impacts).map(([id, impact]) => [id, worstImpact([impact, target.impacts[id] ?? "none"])]),
  );

/**
 * Makes an incident, or a draft, part of another one: its alerts and services go over, and it leaves the page.
 * Answers with the one that is left. @throws AppError NOT_FOUND; CONFLICT; INVALID_REQUEST for itself
 */
export const mergeIncident = async (
  tx: Tx,
  args: Author & { readonly id: string; readonly into: string },
): Promise<IncidentResource> => {
  const { id, into, now } = args;
  if (id === into) throw new AppError("INVALID_REQUEST", "an incident cannot be merged into itself");
  // Always in the order of the ids, so that two merges never wait for each other.
  for (const each of [id, into].sort()) await lockIncident(tx, each);
  const [source, target] = [await lockIncident(tx, id), await lockPublished(tx, into)];
  const publication = publicationOf(source);
  if (publication === "merged" || publication === "discarded")
    throw new AppError("CONFLICT", `the incident ${id} is ${publication}`);
  if (isClosed(target.status)) throw new AppError("CONFLICT", `the incident ${into} is resolved; reopen it first`);
  await moveAlerts(tx, { from: id, into });
  const isShown = publication === "published";
  const isOpen = isShown && !isClosed(source.status);
  const silent = { displayAt: now, publishAt: null, publishedAt: now, notify: false, translations: {} };
  if (isOpen) {
    const body = `Merged into “${target.name}”.`;
    await addUpdate(tx, source, { ...silent, status: "resolved", body, impact: null, impacts: {} }, args);
  }
  await settleIncident(tx, id, { mergedInto: into }, args);
  await tellIncident(tx, "incident.merged", { id, before: source, key: id }, args);
  if (!isShown) return incidentResource(await lockIncident(tx, into), { withPlanned: true });
  const body = `“${source.name}” is part of this incident.`;
  const { impact, impacts } = nextImpacts(target, { impact: null, affected: isOpen ? worseOf(source, target) : {} });
  const update = { ...silent, status: target.status, body, impact: impact === target.impact ? null : impact, impacts };
  const key = await addUpdate(tx, target, update, args);
  return tellIncident(tx, "incident.updated", { id: into, before: target, key }, args);
};

/** Puts an alert to an incident; again, it changes nothing. @throws AppError NOT_FOUND; CONFLICT */
export const attachAlertTo = async (
  tx: Tx,
  args: Author & { readonly id: string; readonly alertId: string },
): Promise<IncidentResource> => {
  const { id, alertId, now } = args;
  const incident = await lockIncident(tx, id);
  const publication = publicationOf(incident);
  if (publication === "merged" || publication === "discarded")
    throw new AppError("CONFLICT", `the incident ${id} is ${publication}`);
  if ((await readAlert(tx, alertId)) === null) throw new AppError("NOT_FOUND", `there is no alert "${alertId}"`);
  const owner = await readIncidentOfAlert(tx, alertId);
  if (owner !== null && owner !== id) await lockIncident(tx, owner);
  await attachAlert(tx, { alertId, incidentId: id, now });
  await settleIncident(tx, id, {}, args);
  const key = owner === id ? `${id}:${alertId}` : eventKeyOf(id, args);
  return tellIncident(tx, "incident.alert_attached", { id, before: incident, key }, args);
};
