import { createHash } from "node:crypto";
import type { Tx } from "#db/database.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import type { ExternalAlertFacts } from "#lib/contracts/external-alerts.ts";
import { externalAlertResource } from "#lib/contracts/external-alerts.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import { newId } from "#lib/runtime/ids.ts";

/** The same episode has the same id wherever it is worked out. */
export const externalAlertIdOf = (
  episode: { readonly fingerprint: string; readonly startsAt: EpochMs; readonly round: number },
  now: EpochMs,
): string => {
  const key = `${episode.fingerprint}:${episode.startsAt}:${episode.round}`;
  return newId("xal", now, (size) => createHash("sha256").update(key).digest().subarray(0, size));
};

/** Records that an alert of another system fires or is over, with the alert as it is stored now. */
export const tellExternalAlert = async (
  tx: Tx,
  facts: ExternalAlertFacts,
  { now, isTold = true }: { readonly now: EpochMs; readonly isTold?: boolean },
): Promise<void> => {
  const isFiring = facts.state === "firing";
  const type = isFiring ? "external_alert.firing" : "external_alert.resolved";
  await recordEvent(tx, {
    type,
    subject: facts.id,
    dedupKey: `${type}:${facts.id}`,
    data: externalAlertResource(facts),
    occurredAt: epochMs((isFiring ? facts.startsAt : (facts.endsAt ?? facts.startsAt)).getTime()),
    notify: isTold ? null : [],
    now,
  });
};
