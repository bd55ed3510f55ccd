import type { Tx } from "#db/database.ts";
import { readServices } from "#db/queries/config.ts";
import { deletePlannedUpdate, replaceServices, writeIncidentUpdate } from "#db/queries/incident-writes.ts";
import type { Incident, IncidentUpdate } from "#db/queries/incidents.ts";
import { publicationOf } from "#lib/contracts/incident-resource.ts";
import type { IncidentResource } from "#lib/contracts/incidents.ts";
import type { IncidentImpact } from "#lib/contracts/snapshot-incidents.ts";
import { AppError } from "#lib/core/errors.ts";
import { nextImpacts } from "#lib/core/incidents/life.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import type { Author } from "./change-incident.ts";
import {
  eventKeyOf,
  lockIncident,
  lockPublished,
  readMessage,
  settleIncident,
  statesAround,
  tellIncident,
} from "./change-incident.ts";
import type { Affected, IncidentTexts } from "./open-incident.ts";
import { LONGEST_NAME, pickServices, textsOf } from "./open-incident.ts";

export type IncidentEdit = Author & {
  readonly id: string;
  readonly title?: string | undefined;
  readonly impact?: IncidentImpact | undefined;
  readonly startedAt?: EpochMs | undefined;
  readonly translations?: IncidentTexts | undefined;
  /** Of drafts only: what customers have read is told on by an update. */
  readonly message?: string | undefined;
  readonly affected?: Affected | undefined;
  readonly notify?: boolean | undefined;
  /** Null: a plain draft again. */
  readonly publishAt?: EpochMs | null | undefined;
};

const OF_DRAFTS = ["message", "affected", "notify", "publishAt"] as const;

/** The draft's services and its one update. */
const editDraft = async (tx: Tx, incident: Incident, edit: IncidentEdit): Promise<void> => {
  const [update] = incident.updates;
  if (update === undefined) return;
  const { now, affected } = edit;
  if (affected !== undefined) pickServices(await readServices(tx), Object.keys(affected));
  const from = affected === undefined ? incident : { ...incident, impacts: {} };
  const next = nextImpacts(from, { impact: edit.impact ?? null, affected: affected ?? {} });
  const impacts = affected === undefined ? { ...incident.impacts, ...next.impacts } : next.impacts;
  await replaceServices(tx, incident.id, impacts);
  const publishAt = edit.publishAt === undefined ? update.publishAt : edit.publishAt;
  if (publishAt !== null && publishAt <= now) throw new AppError("INVALID_REQUEST", "publishAt lies in the past");
  const body = edit.message === undefined ? update.body : readMessage(edit.message, "message");
  const translations = { ...update.translations, ...textsOf(edit.translations ?? {}).bodies };
  const shown = { impact: next.impact, impacts, notify: edit.notify ?? update.notify, body, publishAt, translations };
  await writeIncidentUpdate(tx, { ...update, ...shown }, now);
};

/** The earliest published update; its time bounds the start. */
const firstShownAt = ({ updates }: Incident): EpochMs | null => {
  const times = updates.filter(({ publishedAt }) => publishedAt !== null).map(({ displayAt }) => displayAt);
  return times.length === 0 ? null : epochMs(Math.min(...times));
};

const assertStart = (incident: Incident, { startedAt, now }: IncidentEdit): void => {
  if (startedAt === undefined) return;
  if (startedAt > now) throw new AppError("INVALID_REQUEST", "an incident cannot have started in the future");
  const first = firstShownAt(incident);
  if (first !== null && startedAt > first)
    throw new AppError("INVALID_REQUEST", "the first update would lie before the start; change its displayAt first");
};

/**
 * Changes what an incident is called, when it began, or all of a draft.
 * @throws AppError NOT_FOUND; CONFLICT when it is merged or discarded; INVALID_REQUEST
 */
export const editIncident = async (tx: Tx, edit: IncidentEdit): Promise<IncidentResource> => {
  const incident = await lockIncident(tx, edit.id);
  const { id } = incident;
  const publication = publicationOf(incident);
  if (publication === "merged" || publication === "discarded")
    throw new AppError("CONFLICT", `the incident ${id} is ${publication}`);
  const isDraft = publication !== "published";
  const foreign = isDraft ? undefined : OF_DRAFTS.find((name) => edit[name] !== undefined);
  if (foreign !== undefined)
    throw new AppError("CONFLICT", `the incident is published: ${foreign} changes by an update, not by an edit`);
  assertStart(incident, edit);
  if (isDraft) await editDraft(tx, incident, edit);
  const { startedAt = incident.startedAt, publishAt = incident.publishAt } = edit;
  const name = edit.title === undefined ? incident.name : readMessage(edit.title, "title", LONGEST_NAME);
  const translations = { ...incident.translations, ...textsOf(edit.translations ?? {}).names };
  const impact = !isDraft && edit.impact !== undefined ? { impact: edit.impact } : {};
  await settleIncident(tx, id, { name, startedAt, translations, publishAt, ...impact }, edit);
  const type = isDraft ? "incident.draft_changed" : "incident.updated";
  return tellIncident(tx, type, { id, before: incident, key: eventKeyOf(id, edit) }, edit);
};

export type UpdateEdit = Author & {
  readonly id: string;
  readonly updateId: string;
  readonly message?: string | undefined;
  readonly displayAt?: EpochMs | undefined;
  /** Of planned ones. */
  readonly publishAt?: EpochMs | undefined;
  readonly translations?: IncidentTexts | undefined;
};

const updateOf = (incident: Incident, updateId: string): IncidentUpdate => {
  const update = incident.updates.find(({ id }) => id === updateId);
  if (update === undefined) throw new AppError("NOT_FOUND", `the incident ${incident.id} has no update "${updateId}"`);
  return update;
};

const assertUpdateTimes = (incident: Incident, update: IncidentUpdate, edit: UpdateEdit): void => {
  const { displayAt, publishAt, now } = edit;
  if (publishAt !== undefined && update.publishedAt !== null)
    throw new AppError("CONFLICT", "the update is published already");
  if (publishAt !== undefined && publishAt <= now) throw new AppError("INVALID_REQUEST", "publishAt lies in the past");
  if (displayAt !== undefined && (displayAt > now || displayAt < incident.startedAt))
    throw new AppError("INVALID_REQUEST", "displayAt lies between the start of the incident and now");
};

/** Corrects an update: its text, or when it is said to have been. @throws AppError NOT_FOUND, CONFLICT, INVALID_REQUEST */
export const editUpdate = async (tx: Tx, edit: UpdateEdit): Promise<IncidentResource> => {
  const incident = await lockPublished(tx, edit.id);
  const { id } = incident;
  const update = updateOf(incident, edit.updateId);
  assertUpdateTimes(incident, update, edit);
  const { publishAt = update.publishAt } = edit;
  const displayAt =
    edit.displayAt ?? (update.publishedAt === null ? (publishAt ?? update.displayAt) : update.displayAt);
  const body = edit.message === undefined ? update.body : readMessage(edit.message, "message");
  const translations = { ...update.translations, ...textsOf(edit.translations ?? {}).bodies };
  const moved = { ...update, displayAt, publishAt, body, translations };
  const affected = displayAt === update.displayAt ? update.affected : await statesAround(tx, incident, moved);
  await writeIncidentUpdate(tx, { ...moved, affected }, edit.now);
  await settleIncident(tx, id, {}, edit);
  const type = update.publishedAt === null ? "incident.update_scheduled" : "incident.updated";
  return tellIncident(tx, type, { id, before: incident, key: eventKeyOf(id, edit) }, edit);
};

/** Takes a planned update back. @throws AppError NOT_FOUND; CONFLICT when it is published */
export const dropPlannedUpdate = async (
  tx: Tx,
  args: Author & { readonly id: string; readonly updateId: string },
): Promise<IncidentResource> => {
  const incident = await lockPublished(tx, args.id);
  const { id } = incident;
  const update = updateOf(incident, args.updateId);
  if (update.publishedAt !== null)
    throw new AppError("CONFLICT", "the update is published: what customers read is corrected, not deleted");
  await deletePlannedUpdate(tx, update.id);
  await settleIncident(tx, id, {}, args);
  return tellIncident(tx, "incident.update_scheduled", { id, before: incident, key: eventKeyOf(id, args) }, args);
};
