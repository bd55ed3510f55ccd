import type { Tx } from "#db/database.ts";
import { endAcknowledgement, insertAcknowledgement, lockAlert } from "#db/queries/acknowledgements.ts";
import { readAlert } from "#db/queries/alert-facts.ts";
import { insertAudit } from "#db/queries/audit.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import type { AlertFacts } from "#lib/contracts/alert-resource.ts";
import { alertResource } from "#lib/contracts/alert-resource.ts";
import type { AlertResource } from "#lib/contracts/alerts.ts";
import { instantText } from "#lib/contracts/values.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { newId } from "#lib/runtime/ids.ts";

type Author = { readonly actor: string; readonly now: EpochMs };

export type AlertToAcknowledge = Author & {
  readonly alertId: string;
  /** For people; `actor` is for the audit log. */
  readonly author: string;
  readonly note: string | null;
  /** Null: until it is taken back or the alert ends. */
  readonly expiresAt: EpochMs | null;
  readonly randomBytes: RandomBytes;
};

const lockFiring = async (tx: Tx, alertId: string) => {
  const alert = await lockAlert(tx, alertId);
  if (alert === null) throw new AppError("NOT_FOUND", `there is no alert "${alertId}"`);
  if (alert.state !== "firing") throw new AppError("CONFLICT", `the alert ${alertId} does not fire any more`);
  return alert;
};

const recordAckEvent = async (
  tx: Tx,
  args: Author & {
    readonly type: "alert.acknowledged" | "alert.unacknowledged";
    readonly alertId: string;
    readonly ackId: string;
    readonly notify: readonly string[] | null;
    readonly note: string | null;
  },
): Promise<AlertResource> => {
  const { type, alertId, ackId, notify, actor, now } = args;
  const data = alertResource((await readAlert(tx, alertId)) as AlertFacts, { isPublic: false });
  const after = { acknowledgementId: ackId, note: args.note };
  await insertAudit(tx, { at: now, actor, action: type, subject: alertId, before: null, after });
  await recordEvent(tx, { type, subject: alertId, dedupKey: `${type}:${ackId}`, data, occurredAt: now, notify, now });
  return data;
};

/** Whether the alert is acknowledged already, in the same words by the same person. */
const isSaidAlready = (facts: AlertFacts, { author, note, expiresAt }: AlertToAcknowledge): boolean => {
  const held = facts.acknowledgement;
  const until = expiresAt === null ? null : instantText(expiresAt);
  return held !== null && held.author === author && held.note === note && held.expiresAt === until;
};

/**
 * Says that somebody looks after a firing alert, in place of who said so before: row, audit and event in the caller's
 * transaction. Saying the same again tells nobody: a phone whose answer was lost may ask anew. @throws AppError NOT_FOUND; CONFLICT when it does not fire any more; INVALID_REQUEST
 */
export const acknowledgeAlert = async (tx: Tx, args: AlertToAcknowledge): Promise<AlertResource> => {
  const { alertId, author, note, expiresAt, actor, now } = args;
  if (author.trim() === "") throw new AppError("INVALID_REQUEST", "an acknowledgement needs an author");
  if (expiresAt !== null && expiresAt <= now)
    throw new AppError("INVALID_REQUEST", "the acknowledgement would have expired already");
  const { notify } = await lockFiring(tx, alertId);
  const facts = (await readAlert(tx, alertId)) as AlertFacts;
  if (isSaidAlready(facts, args)) return alertResource(facts, { isPublic: false });
  await endAcknowledgement(tx, { alertId, by: "replaced", now });
  const ackId = newId("ack", now, args.randomBytes);
  await insertAcknowledgement(tx, { id: ackId, alertId, author, note, expiresAt, now });
  return recordAckEvent(tx, { type: "alert.acknowledged", alertId, ackId, notify, note, actor, now });
};

/**
 * Takes the acknowledgement of a firing alert back, or ends one whose time is over (`actor` "expired").
 * @throws AppError NOT_FOUND; CONFLICT when the alert does not fire any more or nobody acknowledged it
 */
export const unacknowledgeAlert = async (
  tx: Tx,
  { alertId, actor, now }: Author & { readonly alertId: string },
): Promise<AlertResource> => {
  const { notify } = await lockFiring(tx, alertId);
  const ackId = await endAcknowledgement(tx, { alertId, by: actor, now });
  if (ackId === null) throw new AppError("CONFLICT", `nobody acknowledged the alert ${alertId}`);
  return recordAckEvent(tx, { type: "alert.unacknowledged", alertId, ackId, notify, note: null, actor, now });
};
