import type { JourneyProbeDefinition, JourneyStep } from "#lib/core/definitions.ts";
import { extractValues } from "#lib/core/journey/extract.ts";
import { fillStep } from "#lib/core/journey/fill-step.ts";
import { isPassed, sumUpJourney } from "#lib/core/journey/sum-up.ts";
import type { Outcome } from "#lib/core/outcome.ts";
import { unmeasured } from "#lib/core/outcome.ts";
import { durationUs } from "#lib/core/units.ts";
import { queryJsonPath } from "#probes/engines/json-path.ts";
import { findPattern } from "#probes/engines/patterns.ts";
import type { Check, CheckDeps, CheckPart } from "./check.ts";
import { judgeMeasured } from "./conversation-outcome.ts";
import { hexOf } from "./hex-of.ts";
import { hideValues } from "./hide-secrets.ts";
import type { HttpDeps } from "./http.ts";
import { runHttp } from "./http.ts";
import { httpTargetOf } from "./http-target.ts";

const ENGINES = { query: queryJsonPath, find: findPattern };
/** What is looked through for a value. */
const MAX_SEARCHED_CHARACTERS = 1_048_576;
/** The share of the time that steps leave to those that always run, so that a hanging step does not keep them from it. */
const TEARDOWN_SHARE = 0.2;

/** What a journey has come to so far. */
type Course = {
  readonly values: Map<string, string>;
  readonly parts: CheckPart[];
  /** The ids of the steps that were tried; the others are told about and count for nothing. */
  readonly tried: Set<string>;
  hasFailed: boolean;
  traceId: string | null;
};

type StepDeps = CheckDeps & Pick<HttpDeps, "newSpanId">;

/** All requests of a journey belong to one trace: the first 16 bytes that a request asks for are the same in each. */
const inOneTrace = ({ randomBytes }: CheckDeps): CheckDeps["randomBytes"] => {
  const trace = randomBytes(16);
  return (count) => {
    const bytes = Uint8Array.from(randomBytes(count));
    if (count >= trace.length) bytes.set(trace);
    return bytes;
  };
};

const runStep = async (step: JourneyStep, timeoutMs: number, course: Course, deps: StepDeps): Promise<Outcome> => {
  const filled = fillStep(step, course.values);
  if (filled.kind === "missing") return unmeasured("internal_error", `no value for ${filled.variable}`);
  if (filled.kind === "unfit")
    return unmeasured("body_mismatch", `the value of ${filled.variable} cannot stand in the ${filled.place}`);
  const target = httpTargetOf({ ...step, ...filled.request, timeoutMs: step.timeoutMs }, deps);
  const { outcome, traceId, answer } = await runHttp({ ...target, timeoutMs }, deps);
  course.traceId ??= traceId;
  if (answer === null || !isPassed(outcome) || step.extract.length === 0) return outcome;
  const bodyText = () => answer.text().slice(0, MAX_SEARCHED_CHARACTERS);
  const extracted = extractValues(step.extract, { headers: answer.headers, bodyText }, ENGINES);
  if (extracted.kind === "failed")
    return {
      ...outcome,
      class: extracted.class,
      detail: extracted.detail,
      failures: [...outcome.failures, ...extracted.failures],
    };
  for (const [name, value] of extracted.values) course.values.set(name, value);
  return outcome;
};

/** What the steps after this one that always run may need; nothing once the steps that may fail are over. */
const reserveMs = (steps: readonly JourneyStep[], index: number, timeoutMs: number): number => {
  if (steps[index]?.always === true) return 0;
  const wanted = steps.slice(index + 1).reduce((sum, { always, timeoutMs: each }) => sum + (always ? each : 0), 0);
  return Math.min(wanted, timeoutMs * TEARDOWN_SHARE);
};

const isRunnable = (step: JourneyStep, { hasFailed, values }: Course): "yes" | string => {
  if (!hasFailed) return "yes";
  if (!step.always) return "not reached";
  // What the step would put back was never made, or is not known.
  return fillStep(step, values).kind === "missing" ? "nothing to put back" : "yes";
};

const runSteps = async ({ steps, timeoutMs }: JourneyProbeDefinition, deps: CheckDeps): Promise<Course> => {
  const startedAt = deps.clock.monotonicMs();
  const course: Course = { values: new Map(), parts: [], tried: new Set(), hasFailed: false, traceId: null };
  const newSpanId = (): string => hexOf(deps.randomBytes(8));
  const stepDeps = { ...deps, randomBytes: inOneTrace(deps), newSpanId };
  for (const [index, step] of steps.entries()) {
    const keep = (outcome: Outcome) => course.parts.push({ key: step.id, name: step.name, outcome });
    const runnable = isRunnable(step, course);
    if (runnable !== "yes") {
      keep(unmeasured("skipped", runnable));
      continue;
    }
    const leftMs = timeoutMs - (deps.clock.monotonicMs() - startedAt);
    const budgetMs = Math.min(step.timeoutMs, leftMs - reserveMs(steps, index, timeoutMs));
    const outcome =
      budgetMs > 0 ? await runStep(step, budgetMs, course, stepDeps) : unmeasured("timeout", "no time left");
    course.tried.add(step.id);
    course.hasFailed ||= !isPassed(outcome);
    keep(hideValues(outcome, course.values));
  }
  return course;
};

/**
 * Runs the steps in order under one deadline, values of one filled into the next. After a failure only the steps run
 * that always do, as far as what they need is known. The run is good if all steps are; each step is a part.
 */
export const checkJourney: Check<JourneyProbeDefinition> = async (definition, deps) => {
  const startedAt = deps.clock.monotonicMs();
  const { parts, tried, traceId } = await runSteps(definition, deps);
  const took = durationUs(Math.max(0, deps.clock.monotonicMs() - startedAt) * 1_000);
  const ran = parts.filter(({ key }) => tried.has(key)).map(({ key, outcome }) => ({ id: key, outcome }));
  const outcome = sumUpJourney(ran, took, definition.steps.length);
  const { class: name, detail, failures } = outcome;
  const measured = { durationUs: took, certificateExpiresAt: outcome.certificateExpiresAt };
  const judged = judgeMeasured({ class: name, detail, failures }, definition.assertions, measured, deps.clock.now());
  return { outcome: { ...outcome, ...judged }, traceId, parts };
};
