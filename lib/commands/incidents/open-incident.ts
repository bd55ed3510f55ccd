import type { Database } from "#db/database.ts";
import { insertAudit } from "#db/queries/audit.ts";
import type { ServiceRow } from "#db/queries/config.ts";
import { readServices } from "#db/queries/config.ts";
import type { Incident } from "#db/queries/incidents.ts";
import { insertIncident, insertIncidentUpdate, readIncident } from "#db/queries/incidents.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import { createSuggester, didYouMean } from "#lib/config/suggest.ts";
import type { IncidentResource } from "#lib/contracts/events.ts";
import type { IncidentImpact } from "#lib/contracts/snapshot.ts";
import { AppError } from "#lib/core/errors.ts";
import { newId } from "#lib/runtime/ids.ts";
import type { Author } from "./change-incident.ts";
import { affectedStates, readMessage } from "./change-incident.ts";
import { incidentResource } from "./incident-resource.ts";

export type IncidentToOpen = Author & {
  readonly serviceIds: readonly string[];
  readonly impact: IncidentImpact;
  /** The first update, plain text. */
  readonly message: string;
  /** Null: made of the services' names and the impact. */
  readonly name: string | null;
};

const LONGEST_NAME = 200;
const SUGGESTIONS = 1_000;

const WORDS: Readonly<Record<IncidentImpact, string>> = {
  none: "notice",
  minor: "degraded performance",
  major: "partial outage",
  critical: "major outage",
};

const pickServices = (all: readonly ServiceRow[], ids: readonly string[]): ServiceRow[] => {
  if (ids.length === 0) throw new AppError("INVALID_REQUEST", "an incident needs at least one service");
  const suggest = createSuggester(SUGGESTIONS);
  return [...new Set(ids)].map((id) => {
    const service = all.find((one) => one.id === id);
    if (service !== undefined) return service;
    const known = all.map((one) => one.id);
    const hint = didYouMean(suggest(id, known)) || `; there are: ${known.slice(0, 20).join(", ") || "none"}`;
    throw new AppError("NOT_FOUND", `no service has the id "${id}"${hint}`);
  });
};

/**
 * Opens an incident with its first update: row, audit and event in one transaction. The page shows it within a second.
 * @throws AppError NOT_FOUND for an unknown service, with a suggestion; INVALID_REQUEST for an empty or too long text.
 */
export const openIncident = (database: Database, args: IncidentToOpen): Promise<IncidentResource> =>
  database.transaction(async (tx) => {
    const { impact, now, actor, randomBytes } = args;
    const services = pickServices(await readServices(tx), args.serviceIds);
    const body = readMessage(args.message, "message");
    const names = services.map((service) => service.name).join(", ");
    const name =
      args.name === null
        ? `${names}: ${WORDS[impact]}`.slice(0, LONGEST_NAME)
        : readMessage(args.name, "name", LONGEST_NAME);
    const serviceIds = services.map((service) => service.id);
    const id = newId("inc", now, randomBytes);
    const status = "investigating";
    const affected = await affectedStates(tx, { incidentId: null, serviceIds, before: null, after: impact });
    const row = { id, name, status, impact, startedAt: now, monitoringAt: null, resolvedAt: null, serviceIds } as const;
    await insertIncident(tx, { ...row, createdAt: now, updatedAt: now });
    const updateId = newId("upd", now, randomBytes);
    await insertIncidentUpdate(tx, { id: updateId, incidentId: id, status, body, affected, displayAt: now, now });
    const opened = incidentResource((await readIncident(tx, id)) as Incident);
    const after = { name, status, impact, serviceIds, message: body };
    await insertAudit(tx, { at: now, actor, action: "incident.opened", subject: id, before: null, after });
    await recordEvent(tx, {
      type: "incident.opened",
      subject: id,
      dedupKey: `incident.opened:${id}`,
      data: opened,
      occurredAt: now,
      notify: null,
      now,
    });
    return opened;
  });
