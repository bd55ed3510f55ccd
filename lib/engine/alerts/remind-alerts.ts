import type { Database } from "#db/database.ts";
import { readAlert } from "#db/queries/alert-facts.ts";
import type { Remindable } from "#db/queries/reminders.ts";
import { readKnownKeys, readRemindable } from "#db/queries/reminders.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import { alertResource } from "#lib/contracts/alert-resource.ts";
import { quietUntil } from "#lib/core/channels/quiet-hours.ts";
import type { EpochMs } from "#lib/core/units.ts";

type Reminder = { readonly alertId: string; readonly endpointId: string; readonly key: string };

/**
 * The reminder that is due for an alert at an endpoint. They are counted from when the alert fired, so that every process
 * finds the same one, and after a pause only the newest is told. None in quiet hours.
 */
const reminderOf = (row: Remindable, now: EpochMs): Reminder[] => {
  const { alertId, endpointId, settings, severity, firedAt } = row;
  const every = settings.remindEveryMs ?? 0;
  const number = every <= 0 ? 0 : Math.floor((now - firedAt) / every);
  if (number < 1 || quietUntil(settings.quietHours, severity, now) !== null) return [];
  return [{ alertId, endpointId, key: `alert.reminder:${alertId}:${endpointId}:${number}` }];
};

/**
 * Tells endpoints again of alerts that fire and that nobody acknowledged. A reminder is an event of its own, so receivers
 * that know ids take it for news, which it is. Returns how many were told.
 */
export const remindAlerts = async (database: Database, now: EpochMs): Promise<number> => {
  const due = await database.read(async (db) => {
    const reminders = (await readRemindable(db)).flatMap((row) => reminderOf(row, now));
    if (reminders.length === 0) return [];
    const known = await readKnownKeys(
      db,
      reminders.map(({ key }) => key),
    );
    return reminders.filter(({ key }) => !known.has(key));
  });
  for (const { alertId, endpointId, key } of due) {
    await database.transaction(async (tx) => {
      const facts = await readAlert(tx, alertId);
      if (facts === null || facts.state !== "firing") return;
      await recordEvent(tx, {
        type: "alert.reminder",
        subject: alertId,
        dedupKey: key,
        data: alertResource(facts, { isPublic: false }),
        occurredAt: now,
        notify: [endpointId],
        now,
      });
    });
  }
  return due.length;
};
