import type { AssertionEngines } from "#lib/core/assertions.ts";
import { judgeAnswer } from "#lib/core/assertions.ts";
import type { Assertion } from "#lib/core/definitions.ts";
import { excerptOf } from "#lib/core/excerpt.ts";
import type { AssertionFailure, Outcome, OutcomeClass } from "#lib/core/outcome.ts";
import type { DurationUs, EpochMs } from "#lib/core/units.ts";
import { DAY_MS } from "#lib/core/units.ts";
import type { Conversation } from "#lib/egress/converse.ts";
import { queryJsonPath } from "#probes/engines/json-path.ts";
import { matchesPattern } from "#probes/engines/patterns.ts";

/** What a check thinks of an answer by the rules of its own protocol. */
export type Verdict = {
  readonly class: OutcomeClass;
  readonly detail: string | null;
  readonly failures: readonly AssertionFailure[];
};

export const GOOD: Verdict = { class: "ok", detail: null, failures: [] };

/** An outcome that a conversation came to; the detail is cut and made printable. */
export const verdict = (name: OutcomeClass, detail: string): Verdict => ({
  class: name,
  detail: excerptOf(detail).slice(0, 200),
  failures: [],
});

const ENGINES: AssertionEngines = { matches: matchesPattern, query: queryJsonPath };

/** What `certificate` and `latency` assertions are judged by; the types without an answer of HTTP have no others. */
export type Measured = { readonly durationUs: DurationUs; readonly certificateExpiresAt: EpochMs | null };

/** Adds the assertions on certificate and latency to a verdict; what the protocol found wrong gives the class. */
export const judgeMeasured = (
  first: Verdict,
  assertions: readonly Assertion[],
  { durationUs, certificateExpiresAt }: Measured,
  now: EpochMs,
): Verdict => {
  const certificateDaysLeft = certificateExpiresAt === null ? null : Math.floor((certificateExpiresAt - now) / DAY_MS);
  const facts = { status: 0, headers: [], bodyText: () => "", durationUs, certificateDaysLeft };
  const judged = judgeAnswer(assertions, facts, ENGINES);
  const failures = [...first.failures, ...judged.failures];
  return first.class === "ok" ? { ...judged, failures } : { ...first, failures };
};

type Judging<Answer> = {
  readonly judge: (answer: Answer) => Verdict;
  readonly httpStatusOf: (answer: Answer) => number | null;
  readonly assertions: readonly Assertion[];
  readonly now: EpochMs;
};

/** The outcome of a conversation: what went wrong on the way, or what is to be thought of the answer. */
export const outcomeOfConversation = <Answer>(
  conversation: Conversation<Answer>,
  { judge, httpStatusOf, assertions, now }: Judging<Answer>,
): Outcome => {
  const { result, durationUs, phasesUs, bytesRead, address, certificateExpiresAt } = conversation;
  const measured = { durationUs, phasesUs, bytesRead, address, certificateExpiresAt };
  if (result.kind === "failed")
    return { ...measured, class: result.class, detail: result.detail, httpStatus: null, failures: [] };
  const judged = judgeMeasured(judge(result.value), assertions, { durationUs, certificateExpiresAt }, now);
  return { ...measured, ...judged, httpStatus: httpStatusOf(result.value) };
};
