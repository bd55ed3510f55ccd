import type { Database } from "#db/database.ts";
import { readSlos } from "#db/queries/config.ts";
import { readNewestReadings } from "#db/queries/listings.ts";
import { decimalText, instantText } from "#lib/contracts/api.ts";
import type { GateResource } from "#lib/contracts/budgets.ts";
import { ruleResource } from "#lib/contracts/slo-document.ts";
import { AppError } from "#lib/core/errors.ts";
import { gateOfReading } from "#lib/core/slo/gate.ts";
import type { Reading } from "#lib/core/slo/reading.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { MINUTE_MS } from "#lib/core/units.ts";
import { readingResource } from "./slos.ts";

/** Whether the error-budget policy of an SLO lets releases through at an instant. @throws AppError NOT_FOUND */
export const getGate = (database: Database, id: string, now: EpochMs): Promise<GateResource> =>
  database.read(async (db) => {
    const slo = (await readSlos(db)).find((row) => row.id === id);
    if (slo === undefined) throw new AppError("NOT_FOUND", "there is no SLO with this id");
    const newest = (await readNewestReadings(db, [id])).find(({ version }) => version === slo.version);
    const reading = newest === undefined ? null : (JSON.parse(newest.reading) as Reading);
    const gate = gateOfReading(slo.definition, reading, now);
    return {
      sloId: id,
      frozen: gate.isFrozen,
      action: gate.action,
      summary: gate.summary,
      reasons: gate.reasons.map((reason) => ({ ...ruleResource(reason), text: reason.text })),
      policy: (slo.definition.budgetPolicy ?? []).map(ruleResource),
      remainingRatio: decimalText(gate.remaining),
      reading: newest === undefined ? null : readingResource(newest),
      owner: gate.owner,
      escalation: gate.escalation,
      reviewDate: gate.reviewDate,
      reviewOverdue: gate.isReviewDue,
      evaluatedAt: newest === undefined ? null : instantText(newest.throughMinute + MINUTE_MS),
    };
  });
