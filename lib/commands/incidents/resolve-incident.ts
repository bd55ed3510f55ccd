import type { Tx } from "#db/database.ts";
import type { IncidentResource } from "#lib/contracts/incidents.ts";
import type { IncidentStatus } from "#lib/contracts/snapshot-incidents.ts";
import { AppError } from "#lib/core/errors.ts";
import { isClosed } from "#lib/core/incidents/life.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Author } from "./change-incident.ts";
import { addUpdate, lockOpenIncident, lockPublished, readMessage, tellIncident } from "./change-incident.ts";
import type { IncidentTexts } from "./open-incident.ts";
import { textsOf } from "./open-incident.ts";
import { postUpdate } from "./update-incident.ts";

export type IncidentToResolve = Author & {
  readonly id: string;
  readonly message: string;
  readonly displayAt?: EpochMs | undefined;
  readonly notify?: boolean;
  readonly translations?: IncidentTexts;
};

/** Closes an open incident. @throws AppError NOT_FOUND, CONFLICT when it is resolved already, INVALID_REQUEST */
export const resolveIncidentIn = async (tx: Tx, args: IncidentToResolve): Promise<IncidentResource> => {
  const incident = await lockOpenIncident(tx, args.id);
  return postUpdate(tx, incident, { ...args, status: "resolved", impact: null });
};

/** A closed incident goes on. @throws AppError NOT_FOUND; CONFLICT when it is open; INVALID_REQUEST */
export const reopenIncident = async (
  tx: Tx,
  args: Author & {
    readonly id: string;
    readonly message: string;
    readonly status: Exclude<IncidentStatus, "resolved" | "postmortem">;
    readonly notify: boolean;
    readonly translations?: IncidentTexts;
  },
): Promise<IncidentResource> => {
  const incident = await lockPublished(tx, args.id);
  const { id } = incident;
  if (!isClosed(incident.status)) throw new AppError("CONFLICT", `the incident ${id} is open`);
  const update = {
    status: args.status,
    body: readMessage(args.message, "message"),
    ...{ impact: null, impacts: {}, displayAt: args.now, publishAt: null, publishedAt: args.now, notify: args.notify },
    translations: textsOf(args.translations ?? {}).bodies,
  };
  const key = await addUpdate(tx, incident, update, args);
  return tellIncident(tx, "incident.reopened", { id, before: incident, key }, args);
};
