import type { Tx } from "#db/database.ts";
import { readServices } from "#db/queries/config.ts";
import type { Incident } from "#db/queries/incidents.ts";
import type { EventType } from "#lib/contracts/events.ts";
import type { IncidentResource } from "#lib/contracts/incidents.ts";
import type { IncidentImpact, IncidentStatus } from "#lib/contracts/snapshot-incidents.ts";
import { AppError } from "#lib/core/errors.ts";
import { isClosed, lifeOf, nextImpacts } from "#lib/core/incidents/life.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Author, NewUpdate } from "./change-incident.ts";
import { addUpdate, lockPublished, readMessage, tellIncident } from "./change-incident.ts";
import type { Affected, IncidentTexts } from "./open-incident.ts";
import { pickServices, textsOf } from "./open-incident.ts";

/** What an open incident can be said to be. Closing it is a use case of its own on the command line. */
export const OPEN_STATUSES = ["investigating", "identified", "monitoring"] as const satisfies readonly IncidentStatus[];

export type IncidentChange = Author & {
  readonly id: string;
  /** Null: as it was. */
  readonly status: IncidentStatus | null;
  readonly impact: IncidentImpact | null;
  /** Markdown. */
  readonly message: string;
  readonly affected?: Affected;
  /** When it is said to have been; now when left out. */
  readonly displayAt?: EpochMs | undefined;
  /** Published by itself then. */
  readonly publishAt?: EpochMs | undefined;
  readonly notify?: boolean;
  readonly translations?: IncidentTexts;
};

const assertTimes = ({ displayAt, publishAt, now }: IncidentChange): void => {
  if (displayAt !== undefined && displayAt > now)
    throw new AppError("INVALID_REQUEST", "displayAt lies in the future; publishAt plans an update");
  if (publishAt !== undefined && publishAt <= now)
    throw new AppError("INVALID_REQUEST", "publishAt lies in the past; leave it out to publish now");
  if (displayAt !== undefined && publishAt !== undefined)
    throw new AppError("INVALID_REQUEST", "give displayAt or publishAt, not both");
};

const publishedOf = ({ updates }: Incident) => updates.filter(({ publishedAt }) => publishedAt !== null);

/** What an update does to an incident has to make sense. @throws AppError CONFLICT */
export const assertGoesOn = (
  incident: Incident,
  update: Pick<NewUpdate, "status" | "displayAt" | "impact" | "impacts">,
): void => {
  const { id, status, startedAt } = incident;
  const after = lifeOf([...publishedOf(incident), { ...update, id: "\uffff" }], startedAt);
  if (isClosed(status) && !isClosed(after.status))
    throw new AppError("CONFLICT", `the incident ${id} is resolved already; reopen it first`);
  if (update.status === "postmortem" && !isClosed(status))
    throw new AppError("CONFLICT", `the incident ${id} is open; resolve it before its post-mortem is published`);
};

const typeOf = (before: Incident, status: IncidentStatus): EventType => {
  if (status === "postmortem") return "incident.postmortem_published";
  return status === "resolved" && !isClosed(before.status) ? "incident.resolved" : "incident.updated";
};

/** Tells that an update was published. */
export const tellUpdate = (
  tx: Tx,
  before: Incident,
  { id, status }: { readonly id: string; readonly status: IncidentStatus },
  author: Author,
): Promise<IncidentResource> => tellIncident(tx, typeOf(before, status), { id: before.id, before, key: id }, author);

/** Adds an update to an incident that is locked. */
export const postUpdate = async (tx: Tx, incident: Incident, args: IncidentChange): Promise<IncidentResource> => {
  assertTimes(args);
  const { now, displayAt = args.publishAt ?? now, publishAt = null, affected = {} } = args;
  if (Object.keys(affected).length > 0) pickServices(await readServices(tx), Object.keys(affected));
  if (displayAt < incident.startedAt)
    throw new AppError("INVALID_REQUEST", "displayAt lies before the start of the incident; change startedAt first");
  const change = nextImpacts(incident, { impact: args.impact, affected });
  const update: NewUpdate = {
    status: args.status ?? incident.status,
    body: readMessage(args.message, "message"),
    impact: change.impact === incident.impact ? null : change.impact,
    impacts: change.impacts,
    ...{ displayAt, publishAt, publishedAt: publishAt === null ? now : null, notify: args.notify ?? true },
    translations: textsOf(args.translations ?? {}).bodies,
  };
  assertGoesOn(incident, update);
  const id = await addUpdate(tx, incident, update, args);
  if (publishAt !== null)
    return tellIncident(tx, "incident.update_scheduled", { id: incident.id, before: incident, key: id }, args);
  return tellUpdate(tx, incident, { id, status: update.status }, args);
};

/**
 * Adds an update to a published incident. @throws AppError NOT_FOUND; CONFLICT when it is closed and the update would open it,
 * or when it is not published; INVALID_REQUEST
 */
export const updateIncidentIn = async (tx: Tx, args: IncidentChange): Promise<IncidentResource> => {
  const incident = await lockPublished(tx, args.id);
  if (isClosed(incident.status) && args.status === null && args.displayAt === undefined)
    throw new AppError("CONFLICT", `the incident ${args.id} is resolved already; reopen it first`);
  return postUpdate(tx, incident, args);
};
