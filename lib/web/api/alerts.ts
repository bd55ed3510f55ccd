import { acknowledgeAlert, unacknowledgeAlert } from "#lib/commands/alerts/acknowledge-alert.ts";
import { createSilence, expireSilence } from "#lib/commands/silences/silence-alerts.ts";
import type { ALERT_OPERATIONS } from "#lib/contracts/operations/alerts.ts";
import type { Principal } from "#lib/core/access/authorise.ts";
import { getSilence, listSilences } from "#lib/read/silences.ts";
import type { HandlersOf } from "./types.ts";

const nameOf = (principal: Principal): string => (principal.kind === "anonymous" ? "anonymous" : principal.name);

export const alertHandlers: HandlersOf<typeof ALERT_OPERATIONS> = {
  acknowledgeAlert: async ({ tx, now, actor, randomBytes }, { principal, params, body }) => {
    const { author = nameOf(principal), note = null, expiresAt = null } = body;
    const args = { alertId: params.id, author, note, expiresAt, actor, now, randomBytes };
    return { body: await acknowledgeAlert(tx, args) };
  },
  unacknowledgeAlert: async ({ tx, now, actor }, { params }) => ({
    body: await unacknowledgeAlert(tx, { alertId: params.id, actor, now }),
  }),
  listSilences: async ({ database, clock }, { query }) => ({
    body: await listSilences(database, query, clock.now()),
  }),
  getSilence: async ({ database, clock }, { params }) => ({
    body: await getSilence(database, params.id, clock.now()),
  }),
  createSilence: async ({ tx, now, actor, randomBytes }, { principal, body }) => {
    const { startsAt = now, author = nameOf(principal) } = body;
    const made = await createSilence(tx, { ...body, startsAt, author, actor, now, randomBytes });
    return { body: made, location: `/v1/silences/${made.id}` };
  },
  expireSilence: async ({ tx, now, actor }, { params }) => ({
    body: await expireSilence(tx, { id: params.id, actor, now }),
  }),
};
