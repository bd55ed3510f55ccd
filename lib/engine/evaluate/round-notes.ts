import { randomBytes } from "node:crypto";
import { rootSpanIdOf } from "#lib/core/trace-context.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import { counter, histogram } from "#lib/runtime/metrics.ts";
import { traceSpan } from "#lib/runtime/tracing.ts";

type Round = { readonly evaluated: number; readonly fired: number; readonly resolved: number };

/** Makes what notes the rounds that close minutes and judge SLOs: how long each took, what it found. Idle ones are not noted. */
export const createRoundNotes = (clock: Clock): ((startedMs: number, round: Round) => void) => {
  const durations = histogram({
    name: "nines_evaluation_duration_seconds",
    help: "How long a round took that closed minutes and judged SLOs.",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  });
  const transitions = counter({
    name: "nines_alert_transitions_total",
    help: "Burn-rate alerts that fired and that resolved.",
    labels: ["transition"],
  });
  return (startedMs, { evaluated, fired, resolved }) => {
    if (evaluated === 0) return;
    const durationMs = clock.monotonicMs() - startedMs;
    durations.observe(durationMs / 1_000);
    transitions.inc({ transition: "fired" }, fired);
    transitions.inc({ transition: "resolved" }, resolved);
    traceSpan(() => {
      const traceId = randomBytes(16).toString("hex");
      const attributes = { "nines.slos": evaluated, "nines.alerts.fired": fired, "nines.alerts.resolved": resolved };
      return {
        name: "evaluate SLOs",
        kind: "internal",
        traceId,
        spanId: rootSpanIdOf(traceId),
        parentSpanId: null,
        endedAt: clock.now(),
        durationMs,
        attributes,
      };
    });
  };
};
