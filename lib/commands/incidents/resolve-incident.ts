import type { Database } from "#db/database.ts";
import type { IncidentResource } from "#lib/contracts/events.ts";
import type { Author } from "./change-incident.ts";
import { lockOpenIncident, moveIncident, readMessage } from "./change-incident.ts";

export type IncidentToResolve = Author & { readonly id: string; readonly message: string };

/** Closes an open incident. @throws AppError NOT_FOUND, CONFLICT when it is resolved already, INVALID_REQUEST */
export const resolveIncident = (database: Database, args: IncidentToResolve): Promise<IncidentResource> =>
  database.transaction(async (tx) => {
    const message = readMessage(args.message, "message");
    const incident = await lockOpenIncident(tx, args.id);
    return moveIncident(tx, incident, { status: "resolved", impact: incident.impact, message }, args);
  });
