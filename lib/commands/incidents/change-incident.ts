import type postgres from "postgres";
import { insertAudit } from "#db/queries/audit.ts";
import type { AffectedService, Incident } from "#db/queries/incidents.ts";
import {
  advanceIncident,
  insertIncidentUpdate,
  readIncident,
  readIncidents,
  readOpenImpacts,
} from "#db/queries/incidents.ts";
import { readLatestStates } from "#db/queries/service-states.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import type { IncidentResource } from "#lib/contracts/events.ts";
import type { IncidentImpact, IncidentStatus } from "#lib/contracts/snapshot.ts";
import { AppError } from "#lib/core/errors.ts";
import { publishedState } from "#lib/core/status/severity.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { newId } from "#lib/runtime/ids.ts";
import { incidentResource } from "./incident-resource.ts";

/** Who changes an incident and when. */
export type Author = {
  /** As in the audit log: "cli", or a user once there are accounts. */
  readonly actor: string;
  readonly now: EpochMs;
  readonly randomBytes: RandomBytes;
};

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

const isClosed = (status: IncidentStatus): boolean => status === "resolved" || status === "postmortem";

/** The incident, locked. @throws AppError NOT_FOUND, which names the open ones; CONFLICT when it is closed already. */
export const lockOpenIncident = async (tx: postgres.TransactionSql, id: string): Promise<Incident> => {
  const incident = await readIncident(tx, id, { lock: true });
  if (incident === null) {
    const open = (await readIncidents(tx, 0)).slice(0, SHOWN_OPEN).map((one) => `${one.id} (${one.name})`);
    const hint = open.length === 0 ? "no incident is open" : `open: ${open.join(", ")}`;
    throw new AppError("NOT_FOUND", `there is no incident "${id}"; ${hint}`);
  }
  if (isClosed(incident.status))
    throw new AppError("CONFLICT", `the incident ${id} is resolved already; open a new one`);
  return incident;
};

/**
 * What an impact does to the services' published states. `before` and `after` are the incident's own impact around the
 * change; null: it does not count.
 */
export const affectedStates = async (
  tx: postgres.TransactionSql,
  args: {
    readonly incidentId: string | null;
    readonly serviceIds: readonly string[];
    readonly before: IncidentImpact | null;
    readonly after: IncidentImpact | null;
  },
): Promise<AffectedService[]> => {
  const states = await readLatestStates(tx, args.serviceIds);
  const others = await readOpenImpacts(tx, args.serviceIds, args.incidentId);
  return args.serviceIds.map((serviceId) => {
    const measured = states.get(serviceId)?.measured ?? "unknown";
    const stateWith = (own: IncidentImpact | null) =>
      publishedState(measured, [...(others.get(serviceId) ?? []), ...(own === null ? [] : [own])]);
    return { serviceId, oldState: stateWith(args.before), newState: stateWith(args.after) };
  });
};

/** Moves an open incident on: row, update, audit and event in the caller's transaction. */
export const moveIncident = async (
  tx: postgres.TransactionSql,
  incident: Incident,
  change: { readonly status: IncidentStatus; readonly impact: IncidentImpact; readonly message: string },
  { actor, now, randomBytes }: Author,
): Promise<IncidentResource> => {
  const closes = isClosed(change.status);
  const updateId = newId("upd", now, randomBytes);
  const affected = await affectedStates(tx, {
    incidentId: incident.id,
    serviceIds: incident.serviceIds,
    before: incident.impact,
    after: closes ? null : change.impact,
  });
  await advanceIncident(tx, { id: incident.id, status: change.status, impact: change.impact, now });
  const update = { id: updateId, incidentId: incident.id, status: change.status, body: change.message, affected };
  await insertIncidentUpdate(tx, { ...update, displayAt: now, now });
  const moved = incidentResource((await readIncident(tx, incident.id)) as Incident);
  const action = closes ? "incident.resolved" : "incident.updated";
  const { status, impact } = incident;
  await insertAudit(tx, {
    at: now,
    actor,
    action,
    subject: incident.id,
    before: { status, impact },
    after: { status: change.status, impact: change.impact, message: change.message },
  });
  await recordEvent(tx, {
    type: action,
    subject: incident.id,
    dedupKey: `${action}:${updateId}`,
    data: moved,
    occurredAt: now,
    notify: null,
    now,
  });
  return moved;
};
