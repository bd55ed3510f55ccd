import { excerptOf } from "../excerpt.ts";
import type { AssertionFailure, Outcome, Phases } from "../outcome.ts";
import type { DurationUs, EpochMs } from "../units.ts";
import { durationUs, epochMs } from "../units.ts";

export type StepOutcome = { readonly id: string; readonly outcome: Outcome };

const MAX_FAILURES = 20;

/** Good enough to go on: a slow answer is an answer. */
export const isPassed = ({ class: name }: Outcome): boolean => name === "ok" || name === "slow";

const sumOfPhases = (steps: readonly StepOutcome[]): Phases => {
  const sum = (phase: keyof Phases): DurationUs | null => {
    const spent = steps.map(({ outcome }) => outcome.phasesUs[phase]).filter((each) => each !== null);
    return spent.length === 0 ? null : durationUs(spent.reduce((total, each) => total + each, 0));
  };
  return {
    dns: sum("dns"),
    connect: sum("connect"),
    tls: sum("tls"),
    firstByte: sum("firstByte"),
    transfer: sum("transfer"),
  };
};

const earliest = (steps: readonly StepOutcome[]): EpochMs | null => {
  const dates = steps.map(({ outcome }) => outcome.certificateExpiresAt).filter((each) => each !== null);
  return dates.length === 0 ? null : epochMs(Math.min(...dates));
};

const failuresOf = (steps: readonly StepOutcome[]): readonly AssertionFailure[] =>
  steps
    .flatMap(({ id, outcome }) =>
      outcome.failures.map((failure) => ({ ...failure, assertion: excerptOf(`${id}: ${failure.assertion}`) })),
    )
    .slice(0, MAX_FAILURES);

const detailOf = ({ id, outcome }: StepOutcome, count: number): string => {
  const reason = outcome.detail ?? outcome.class;
  return count === 1 || outcome.class === "blocked" ? reason : excerptOf(`${id}: ${reason}`).slice(0, 200);
};

/**
 * The outcome of a journey of `stepCount` steps from those of the steps that ran, in their order: good if all are; else the class and the
 * reason of the first that is not, slow if none is worse. Costs are those of all steps together, the rest is of the
 * step that decided, or of the last. The reason names the step when there are several, and never where a request was
 * refused: all blocked runs look the same.
 */
export const sumUpJourney = (steps: readonly StepOutcome[], took: DurationUs, stepCount: number): Outcome => {
  const bad = steps.find(({ outcome }) => !isPassed(outcome)) ?? steps.find(({ outcome }) => outcome.class === "slow");
  const deciding = bad ?? steps.at(-1);
  const shown = deciding?.outcome;
  return {
    class: bad?.outcome.class ?? "ok",
    detail: bad === undefined ? null : detailOf(bad, stepCount),
    durationUs: took,
    phasesUs: sumOfPhases(steps),
    httpStatus: shown?.httpStatus ?? null,
    bytesRead: steps.reduce((sum, { outcome }) => sum + outcome.bytesRead, 0),
    address: bad?.outcome.class === "blocked" ? null : (shown?.address ?? null),
    certificateExpiresAt: earliest(steps),
    failures: failuresOf(steps),
  };
};
