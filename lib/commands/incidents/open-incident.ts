import type { Tx } from "#db/database.ts";
import type { ServiceRow } from "#db/queries/config.ts";
import { readServices } from "#db/queries/config.ts";
import { attachAlert, insertIncident, insertIncidentUpdate, lockServices } from "#db/queries/incident-writes.ts";
import type { Impacts, Incident, IncidentUpdate } from "#db/queries/incidents.ts";
import { hintFor } from "#lib/commands/assert-known.ts";
import type { IncidentLanguage, IncidentResource } from "#lib/contracts/incidents.ts";
import type { IncidentImpact, IncidentStatus } from "#lib/contracts/snapshot-incidents.ts";
import { AppError } from "#lib/core/errors.ts";
import { nextImpacts } from "#lib/core/incidents/life.ts";
import { incidentName } from "#lib/core/incidents/words.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { newId } from "#lib/runtime/ids.ts";
import type { Author } from "./change-incident.ts";
import { affectedStates, readMessage, tellIncident } from "./change-incident.ts";

/** Services by id; null: they are affected as the incident is. */
export type Affected = Readonly<Record<string, IncidentImpact | null>>;
/** Texts in other languages. */
export type IncidentTexts = Readonly<
  Partial<
    Record<IncidentLanguage, { readonly title?: string | undefined; readonly message?: string | undefined } | undefined>
  >
>;

export type IncidentToOpen = Author & {
  readonly affected: Affected;
  /** Null: the worst of the services' impacts. */
  readonly impact: IncidentImpact | null;
  /** The first update, markdown. */
  readonly message: string;
  /** Null: made of the services' names and the impact. */
  readonly name: string | null;
  readonly status?: Exclude<IncidentStatus, "postmortem"> | undefined;
  /** Now when left out; not in the future. */
  readonly startedAt?: EpochMs | undefined;
  readonly isDraft?: boolean;
  /** When it is published by itself; a draft until then. */
  readonly publishAt?: EpochMs | undefined;
  readonly notify?: boolean;
  readonly translations?: IncidentTexts;
};

/** An incident that may be stored. */
export type IncidentRow = Omit<Parameters<typeof insertIncident>[1], "serviceIds" | "createdAt"> & {
  readonly message: string;
  readonly notify: boolean;
  readonly bodies: IncidentUpdate["translations"];
};

export const LONGEST_NAME = 200;

/** The services of these ids, in the order of the page. @throws AppError INVALID_REQUEST of none, NOT_FOUND with a hint */
export const pickServices = (all: readonly ServiceRow[], ids: readonly string[]): ServiceRow[] => {
  if (ids.length === 0) throw new AppError("INVALID_REQUEST", "an incident needs at least one service");
  return [...new Set(ids)].map((id) => {
    const service = all.find((one) => one.id === id);
    if (service !== undefined) return service;
    const known = all.map((one) => one.id);
    throw new AppError("NOT_FOUND", `no service has the id "${id}"${hintFor(id, known)}`);
  });
};

/** Titles and messages in other languages, as incident and update keep them. */
export const textsOf = (
  texts: IncidentTexts,
): { readonly names: Incident["translations"]; readonly bodies: IncidentUpdate["translations"] } => {
  const names: Partial<Record<IncidentLanguage, { name: string }>> = {};
  const bodies: Partial<Record<IncidentLanguage, { body: string }>> = {};
  for (const [key, text] of Object.entries(texts)) {
    const language = key as IncidentLanguage;
    if (text?.title !== undefined) names[language] = { name: readMessage(text.title, `title (${key})`, LONGEST_NAME) };
    if (text?.message !== undefined) bodies[language] = { body: readMessage(text.message, `message (${key})`) };
  }
  return { names, bodies };
};

/** Stores an incident with its first update and tells of it. Null when there is one of this id already. */
export const storeIncident = async (
  tx: Tx,
  row: IncidentRow,
  author: Author,
  alertIds: readonly string[] = [],
): Promise<IncidentResource | null> => {
  const { now, randomBytes } = author;
  const { id, status, impact, impacts, startedAt, publishedAt, publishAt } = row;
  const serviceIds = Object.keys(impacts);
  const isClosed = status === "resolved";
  if (!(await insertIncident(tx, { ...row, serviceIds, createdAt: now }))) return null;
  for (const alertId of alertIds) await attachAlert(tx, { alertId, incidentId: id, now });
  const affected = await affectedStates(tx, {
    incidentId: id,
    serviceIds,
    before: null,
    after: isClosed ? null : impacts,
    at: now,
  });
  const update = {
    ...{ id: newId("upd", now, randomBytes), incidentId: id, status, body: row.message, affected, impact, impacts },
    ...{ displayAt: startedAt < now ? startedAt : now, publishAt, publishedAt, notify: row.notify },
    translations: row.bodies,
  };
  await insertIncidentUpdate(tx, update, now);
  const type = publishedAt === null ? "incident.drafted" : "incident.opened";
  return tellIncident(tx, type, { id, before: null, key: id }, author);
};

const assertTimes = ({ startedAt, publishAt, now }: IncidentToOpen): void => {
  if (startedAt !== undefined && startedAt > now)
    throw new AppError("INVALID_REQUEST", "an incident cannot have started in the future; plan a maintenance");
  if (publishAt !== undefined && publishAt <= now)
    throw new AppError("INVALID_REQUEST", "publishAt lies in the past; leave it out to publish now");
};

/**
 * Opens an incident with its first update, on the page or as a draft: row, audit and event. The page shows it within a second.
 * @throws AppError NOT_FOUND for an unknown service, with a suggestion; INVALID_REQUEST for an empty or too long text.
 */
export const openIncidentIn = async (tx: Tx, args: IncidentToOpen): Promise<IncidentResource> => {
  const { now, randomBytes, startedAt = now, publishAt = null, isDraft = false, status = "investigating" } = args;
  assertTimes(args);
  const services = pickServices(await readServices(tx), Object.keys(args.affected));
  await lockServices(tx, Object.keys(args.affected));
  const message = readMessage(args.message, "message");
  const from: { impact: IncidentImpact; impacts: Impacts } = { impact: args.impact ?? "none", impacts: {} };
  const { impact, impacts } = nextImpacts(from, args);
  const names = services.map((service) => service.name).join(", ");
  const name =
    args.name === null
      ? incidentName(names, impact).slice(0, LONGEST_NAME)
      : readMessage(args.name, "name", LONGEST_NAME);
  const texts = textsOf(args.translations ?? {});
  const row: IncidentRow = {
    id: newId("inc", now, randomBytes),
    ...{ name, status, impact, impacts, origin: "person", startedAt, publishAt, message },
    monitoringAt: status === "monitoring" ? startedAt : null,
    resolvedAt: status === "resolved" ? startedAt : null,
    publishedAt: isDraft || publishAt !== null ? null : now,
    translations: texts.names,
    bodies: texts.bodies,
    notify: args.notify ?? true,
  };
  return (await storeIncident(tx, row, args)) as IncidentResource;
};
