import { createHash } from "node:crypto";
import type { Tx } from "#db/database.ts";
import { readAlert } from "#db/queries/alert-facts.ts";
import { readEventDelivery } from "#db/queries/events.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import { alertResource } from "#lib/contracts/alert-resource.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import { newId } from "#lib/runtime/ids.ts";
import { eventKey } from "./suppress-alerts.ts";

/** The stored alerts are not those that the decision was made from: nothing may be written then. */
export const staleError = (): AppError =>
  new AppError("CONFLICT", "another evaluator changed the alerts or readings of an SLO meanwhile");

/** The same episode has the same id wherever it is worked out. */
export const alertIdOf = (key: string, firedAt: EpochMs): string =>
  newId("alt", firedAt, (size) => createHash("sha256").update(key).digest().subarray(0, size));

type Episode = {
  readonly id: string;
  readonly sloId: string | null;
  readonly pairId: string;
  readonly number: number;
  readonly notify: readonly string[] | null;
};

/**
 * Records the event of a transition whose row is written already: its data is the resource as `/v1/alerts` shows it from
 * now on. Nobody is told of a suppressed alert, and who was not told of an alert is not told of its end.
 */
export const recordAlertEvent = async (
  tx: Tx,
  episode: Episode,
  args: { readonly what: "firing" | "resolved"; readonly isSuppressed: boolean; readonly now: EpochMs },
): Promise<void> => {
  const { what, isSuppressed, now } = args;
  const facts = await readAlert(tx, episode.id);
  if (facts === null) throw staleError();
  const firing = what === "resolved" ? await readEventDelivery(tx, eventKey(episode, "firing")) : null;
  const isTold = what === "firing" ? !isSuppressed : firing?.isDelivered === true;
  await recordEvent(tx, {
    type: what === "firing" ? "alert.firing" : "alert.resolved",
    subject: episode.id,
    dedupKey: eventKey(episode, what),
    data: alertResource(facts, { isPublic: false }),
    occurredAt: epochMs(what === "firing" ? facts.firedAtMs : (facts.resolvedAtMs ?? facts.firedAtMs)),
    notify: isTold ? episode.notify : [],
    now,
  });
};
