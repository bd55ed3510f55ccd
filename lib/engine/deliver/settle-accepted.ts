import type { Database } from "#db/database.ts";
import type { AcceptedAttempt } from "#db/queries/accepted-deliveries.ts";
import { finishAccepted } from "#db/queries/accepted-deliveries.ts";
import type { ClaimedDelivery } from "#db/queries/deliveries.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import type { AttemptReport } from "./attempt.ts";
import type { Settled } from "./settle.ts";

type Accepted = { readonly delivery: ClaimedDelivery; readonly report: AttemptReport; readonly now: EpochMs };

/** Null: it was not recorded, and has to be settled on its own. */
export type SettleAccepted = (accepted: Accepted) => Promise<Settled | null>;

/** Attempts in one transaction: their logged bodies of 16 kB at most make half a megabyte. */
const MOST_TOGETHER = 32;

/** Whether an accepted attempt has nothing to change but its own rows, as far as its claim knows. */
export const isPlainlyAccepted = (delivery: ClaimedDelivery, { outcome }: AttemptReport): boolean =>
  outcome.kind === "accepted" && !delivery.toPendingUrl && delivery.groupedWith.length === 0;

const attemptOf = ({ delivery, report, now }: Accepted): AcceptedAttempt => ({
  deliveryId: delivery.id,
  endpointId: delivery.endpointId,
  number: delivery.attempt,
  finishedAt: now,
  httpStatus: report.httpStatus,
  durationMs: report.durationMs,
  responseExcerpt: report.responseExcerpt,
  requestHeaders: report.requestHeaders,
  // The bytes of a retry are those of the first attempt.
  requestBody: delivery.attempt === delivery.ladderFrom + 1 ? report.requestBody : null,
});

/**
 * Settles accepted attempts of healthy endpoints together: what comes in while one transaction commits goes into the
 * next one, so that a busy dispatcher waits for the disk once for many and an idle one waits for nobody. What belongs
 * to an endpoint that was in trouble, and all of a transaction that failed, is given back to be settled one by one.
 */
export const createSettleAccepted = (database: Database, log: Logger): SettleAccepted => {
  const waiting: { readonly accepted: Accepted; readonly tell: (settled: Settled | null) => void }[] = [];
  let isWriting = false;

  const write = async (batch: readonly Accepted[]): Promise<ReadonlyMap<string, Settled>> => {
    try {
      const finished = await database.transaction((tx) => finishAccepted(tx, batch.map(attemptOf)));
      return new Map(finished.map(({ id, isDelivered }) => [id, isDelivered ? "delivered" : "lost"]));
    } catch (error) {
      log.warn({ count: batch.length, error }, "results of attempts could not be recorded together");
      return new Map();
    }
  };
  const writeAll = async (): Promise<void> => {
    isWriting = true;
    // Answers that lie ready already come along.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const batch = waiting.splice(0, MOST_TOGETHER);
      const settled = await write(batch.map(({ accepted }) => accepted));
      for (const { accepted, tell } of batch) tell(settled.get(accepted.delivery.id) ?? null);
    }
    isWriting = false;
  };

  return (accepted) =>
    new Promise((tell) => {
      waiting.push({ accepted, tell });
      if (!isWriting) void writeAll();
    });
};
