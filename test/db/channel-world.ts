import { recordEvent } from "#lib/commands/record-event.ts";
import { ALERT_EXAMPLE, RESOLVED_ALERT_EXAMPLE } from "#lib/contracts/examples.ts";
import type { DeliverWorld } from "./deliver-world.ts";

type Alert = typeof ALERT_EXAMPLE;

/** Records what happened to an alert, as the engine does. Returns the id of the event, or null when it was recorded before. */
export const tellAlert = (
  { database, clock }: Pick<DeliverWorld, "database" | "clock">,
  what: "firing" | "acknowledged" | "resolved",
  changes: Partial<Alert> = {},
  notify: readonly string[] | null = null,
): Promise<string | null> =>
  database.transaction(async (tx) => {
    const data = { ...(what === "resolved" ? RESOLVED_ALERT_EXAMPLE : ALERT_EXAMPLE), ...changes };
    const recorded = await recordEvent(tx, {
      type: `alert.${what}`,
      subject: data.id,
      dedupKey: `alert:${data.sloId}:${data.id}:1:${what}`,
      data,
      occurredAt: clock.now(),
      notify,
      now: clock.now(),
    });
    return recorded?.eventId ?? null;
  });
