import type { Database, Tx } from "#db/database.ts";
import { readOverdueAcknowledgements } from "#db/queries/acknowledgements.ts";
import type { BlindAlert } from "#db/queries/blind-alerts.ts";
import { readUntoldBlindAlerts } from "#db/queries/blind-alerts.ts";
import { unacknowledgeAlert } from "#lib/commands/alerts/acknowledge-alert.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import type { BlindAlertResource } from "#lib/contracts/events.ts";
import { instantText } from "#lib/contracts/values.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Lease } from "../lease.ts";
import { assertLease } from "../lease.ts";
import { isChanged, judgeSuppression, refreshSuppression, releaseAlerts } from "./suppress-alerts.ts";

/** Once an alert: what keeps it from being judged may come and go. */
const tellBlind = async (tx: Tx, alert: BlindAlert, now: EpochMs): Promise<void> => {
  const data: BlindAlertResource = {
    alertId: alert.id,
    serviceId: alert.serviceId,
    sloId: alert.sloId,
    state: "blind",
    cause: "no_data",
    detail: `The alert ${alert.pairId} of ${alert.sloId ?? alert.serviceId} fires and there is no data to judge it by: it stays until there is.`,
    since: instantText(now),
    until: null,
  };
  const notify = alert.isSuppressed ? [] : alert.notify;
  await recordEvent(tx, {
    type: "prober.blind",
    subject: alert.id,
    dedupKey: alert.dedupKey,
    data,
    occurredAt: now,
    notify,
    now,
  });
};

/**
 * Brings firing alerts in line with what changed beside the measurements: silences that began or ended, alerts of what
 * they depend on, acknowledgements whose time is over, data that is missing. Cheap while nothing changed: call it at
 * every tick. Returns how many alerts were touched. @throws AppError LEASE_LOST; errors of the database.
 */
export const settleAlerts = async (args: { database: Database; lease: Lease; now: EpochMs }): Promise<number> => {
  const { database, lease, now } = args;
  const due = await database.read(async (db) => {
    const judged = await judgeSuppression(db, { at: now, now });
    if (judged.length === 0) return null;
    const overdue = await readOverdueAcknowledgements(db, now);
    return { changed: judged.filter(isChanged).length, overdue, blind: await readUntoldBlindAlerts(db) };
  });
  if (due === null) return 0;
  const touched = due.changed + due.overdue.length + due.blind.length;
  if (touched === 0) return 0;
  await database.transaction(async (tx) => {
    await assertLease(tx, lease);
    const { freed } = await refreshSuppression(tx, { at: now, now });
    await releaseAlerts(tx, freed, now);
    for (const alertId of await readOverdueAcknowledgements(tx, now)) {
      await unacknowledgeAlert(tx, { alertId, actor: "expired", now });
    }
    for (const alert of await readUntoldBlindAlerts(tx)) await tellBlind(tx, alert, now);
  });
  return touched;
};
