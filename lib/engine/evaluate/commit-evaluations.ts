import type { Database, Tx } from "#db/database.ts";
import type { AlertEpisode } from "#db/queries/alerts.ts";
import { setAlertHasData } from "#db/queries/alerts.ts";
import { lockEvaluationMarks, upsertReadings } from "#db/queries/slo-readings.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { recordOutcomes, recordRemoval } from "../alerts/alert-changes.ts";
import { noteExhaustions } from "../alerts/note-exhaustions.ts";
import { staleError } from "../alerts/record-alert.ts";
import type { Lease } from "../lease.ts";
import { assertLease } from "../lease.ts";
import type { Evaluation, StoredReading } from "./slo-track.ts";
import { readingOf } from "./slo-track.ts";

const COMMIT_DEADLINE_MS = 10_000;

type Written = { readonly reading: StoredReading };

/** Refuses to write over what another evaluator wrote. */
const assertUnchanged = async (tx: Tx, evaluations: readonly Evaluation[]): Promise<void> => {
  const marks = await lockEvaluationMarks(
    tx,
    evaluations.map(({ track }) => track.slo.id),
  );
  const through = new Map(marks.map((mark) => [mark.sloId, mark.through]));
  for (const { track } of evaluations) {
    if ((through.get(track.slo.id) ?? null) !== track.through) throw staleError();
  }
};

/** Alerts that lost or regained their data without a transition. */
const recordDataMarks = async (tx: Tx, { track, alerts }: Evaluation): Promise<void> => {
  for (const [pairId, state] of alerts) {
    const before = track.alerts.get(pairId);
    if (state.kind !== "firing") continue;
    const hadData = before?.kind === "firing" && before.number === state.number ? before.hasData : true;
    if (hadData !== state.hasData) {
      await setAlertHasData(tx, { sloId: track.slo.id, pairId, number: state.number }, state.hasData);
    }
  }
};

/** How many transitions of a kind these evaluations bring. */
export const countTransitions = (evaluations: readonly Evaluation[], kind: "fired" | "resolved"): number =>
  evaluations
    .flatMap(({ outcomes }) => outcomes.flatMap((outcome) => outcome.transitions))
    .filter(({ transition }) => transition.kind === kind).length;

/**
 * Writes a round in one transaction under the lease: removals, readings, alerts and their events.
 * @throws AppError LEASE_LOST; CONFLICT when another evaluator was here meanwhile; errors of the database.
 */
export const commitRound = async (args: {
  readonly database: Database;
  readonly lease: Lease;
  readonly now: EpochMs;
  readonly newest: EpochMinute;
  readonly evaluations: readonly Evaluation[];
  /** Firing alerts whose pair or SLO left the configuration. */
  readonly orphans: readonly AlertEpisode[];
}): Promise<void> => {
  const { database, lease, now, newest, evaluations, orphans } = args;
  const readings = evaluations.map((evaluation) => ({
    sloId: evaluation.track.slo.id,
    version: evaluation.track.slo.version,
    through: evaluation.through,
    reading: readingOf(evaluation),
  }));
  const work = async (tx: Tx): Promise<void> => {
    await assertLease(tx, lease);
    await assertUnchanged(tx, evaluations);
    for (const episode of orphans) await recordRemoval(tx, { episode, minute: newest, now });
    await upsertReadings(tx, readings, now);
    const outcomes = evaluations.flatMap(({ track, outcomes: own }) => own.map((outcome) => ({ track, outcome })));
    await recordOutcomes(tx, outcomes, now);
    for (const evaluation of evaluations) await recordDataMarks(tx, evaluation);
    const news = evaluations.map((evaluation, index) => ({
      evaluation,
      reading: (readings[index] as Written).reading,
    }));
    await noteExhaustions(tx, news, now);
  };
  await database.transaction(work, { deadlineMs: COMMIT_DEADLINE_MS });
};
