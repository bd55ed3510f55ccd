import { cancelMaintenance } from "#lib/commands/maintenances/cancel-maintenance.ts";
import {
  addMaintenanceUpdate,
  editMaintenance,
  rescheduleMaintenance,
} from "#lib/commands/maintenances/change-maintenance.ts";
import { scheduleMaintenance } from "#lib/commands/maintenances/schedule-maintenance.ts";
import type { MAINTENANCE_OPERATIONS } from "#lib/contracts/operations/maintenances.ts";
import { getMaintenance, listMaintenances } from "#lib/read/maintenances.ts";
import { authorOf } from "./exclusions.ts";
import type { HandlersOf } from "./types.ts";

export const maintenanceHandlers: HandlersOf<typeof MAINTENANCE_OPERATIONS> = {
  listMaintenances: async ({ database, clock }, { query }) => ({
    body: await listMaintenances(database, query, clock.now()),
  }),
  getMaintenance: async ({ database, clock }, { params }) => ({
    body: await getMaintenance(database, params.id, clock.now()),
  }),
  createMaintenance: async ({ tx, now, actor, randomBytes }, { principal, body }) => {
    const { duration, rrule = null, ...rest } = body;
    const author = authorOf(principal);
    const made = await scheduleMaintenance(tx, {
      ...rest,
      durationMs: duration,
      rrule,
      author,
      actor,
      now,
      randomBytes,
    });
    return { body: made, location: `/v1/maintenances/${made.id}` };
  },
  cancelMaintenance: async ({ tx, now, actor }, { principal, params, body }) => ({
    body: await cancelMaintenance(tx, {
      id: params.id,
      plannedFor: body.occurrence,
      reason: body.reason ?? null,
      by: authorOf(principal),
      actor,
      now,
    }),
  }),
  changeMaintenance: async ({ tx, now, actor }, { principal, params, body }) => {
    const { title, body: text, impact, reminders, translations } = body;
    const given = {
      ...(title === undefined ? {} : { title }),
      ...(text === undefined ? {} : { body: text }),
      ...(impact === undefined ? {} : { impact }),
      ...(reminders === undefined ? {} : { reminders }),
      translations,
    };
    return { body: await editMaintenance(tx, { ...given, id: params.id, by: authorOf(principal), actor, now }) };
  },
  createMaintenanceUpdate: async ({ tx, now, actor, randomBytes }, { principal, params, body }) => {
    const { message, status, translations, occurrence: plannedFor } = body;
    const made = await addMaintenanceUpdate(tx, {
      id: params.id,
      message,
      translations,
      status,
      plannedFor,
      by: authorOf(principal),
      actor,
      now,
      randomBytes,
    });
    return { body: made, location: `/v1/maintenances/${made.id}` };
  },
  rescheduleMaintenance: async ({ tx, now, actor }, { principal, params, body }) => {
    const { startsAt, endsAt, occurrence: plannedFor } = body;
    const by = authorOf(principal);
    return {
      body: await rescheduleMaintenance(tx, { id: params.id, startsAt, endsAt, plannedFor, by, actor, now }),
    };
  },
};
