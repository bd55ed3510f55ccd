import type { Tx } from "#db/database.ts";
import { closeExhaustions, openExhaustion, readOpenExhaustions } from "#db/queries/budget-exhaustions.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import type { BudgetResource } from "#lib/contracts/budget-resource.ts";
import { windowResource } from "#lib/contracts/slo-parts.ts";
import { decimalText, instantText } from "#lib/contracts/values.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Evaluation, StoredReading } from "../evaluate/slo-track.ts";
import { endOfMinute } from "./alert-changes.ts";

/** A new reading of an SLO. */
export type NewReading = { readonly evaluation: Evaluation; readonly reading: StoredReading };

const budgetOf = ({ evaluation, reading }: NewReading, exhaustedAt: EpochMs): BudgetResource => {
  const { id, serviceId, definition } = evaluation.track.slo;
  const { budget } = reading;
  return {
    id,
    serviceId,
    objective: definition.objective,
    window: windowResource(definition.window),
    isExhausted: true,
    exhaustedAt: instantText(exhaustedAt),
    bad: budget.bad,
    total: budget.total,
    consumedRatio: decimalText(budget.consumed),
    remainingRatio: decimalText(budget.remaining),
    exhaustedInSeconds: 0,
    evaluatedAt: instantText(exhaustedAt),
  };
};

const isSpent = ({ reading: { budget } }: NewReading): boolean => budget.remaining !== null && budget.remaining <= 0;
const isLeft = ({ reading: { budget } }: NewReading): boolean => budget.remaining !== null && budget.remaining > 0;

/**
 * Records `slo.budget_exhausted` once for each time that a budget comes to nothing, in the transaction of the readings.
 * The next time begins after something of it was left again. Without data nothing begins or ends.
 */
export const noteExhaustions = async (tx: Tx, readings: readonly NewReading[], now: EpochMs): Promise<void> => {
  const spent = readings.filter(isSpent);
  const open = await readOpenExhaustions(tx);
  const over = readings.filter((one) => isLeft(one) && open.has(one.evaluation.track.slo.id));
  const newest = over[0];
  if (newest !== undefined) {
    const sloIds = over.map(({ evaluation }) => evaluation.track.slo.id);
    await closeExhaustions(tx, { sloIds, recoveredAt: endOfMinute(newest.evaluation.through) });
  }
  for (const one of spent) {
    const sloId = one.evaluation.track.slo.id;
    if (open.has(sloId)) continue;
    const exhaustedAt = endOfMinute(one.evaluation.through);
    const number = await openExhaustion(tx, { sloId, exhaustedAt });
    if (number === null) continue;
    await recordEvent(tx, {
      type: "slo.budget_exhausted",
      subject: sloId,
      dedupKey: `slo.budget_exhausted:${sloId}:${number}`,
      data: budgetOf(one, exhaustedAt),
      occurredAt: exhaustedAt,
      notify: null,
      now,
    });
  }
};
