import type { Database } from "#db/database.ts";
import type { IncidentResource } from "#lib/contracts/events.ts";
import type { IncidentImpact, IncidentStatus } from "#lib/contracts/snapshot.ts";
import type { Author } from "./change-incident.ts";
import { lockOpenIncident, moveIncident, readMessage } from "./change-incident.ts";

/** What an open incident can be said to be. Closing it is a use case of its own. */
export const OPEN_STATUSES = ["investigating", "identified", "monitoring"] as const satisfies readonly IncidentStatus[];
type OpenStatus = (typeof OPEN_STATUSES)[number];

export type IncidentChange = Author & {
  readonly id: string;
  /** Null: as it was. */
  readonly status: OpenStatus | null;
  readonly impact: IncidentImpact | null;
  readonly message: string;
};

/** Adds an update to an open incident. @throws AppError NOT_FOUND, CONFLICT when it is resolved, INVALID_REQUEST */
export const updateIncident = (database: Database, args: IncidentChange): Promise<IncidentResource> =>
  database.transaction(async (tx) => {
    const message = readMessage(args.message, "message");
    const incident = await lockOpenIncident(tx, args.id);
    const change = { status: args.status ?? incident.status, impact: args.impact ?? incident.impact, message };
    return moveIncident(tx, incident, change, args);
  });
