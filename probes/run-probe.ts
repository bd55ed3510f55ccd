import type { ProbeDefinition } from "#lib/core/definitions.ts";
import type { Outcome } from "#lib/core/outcome.ts";
import { rootSpanIdOf } from "#lib/core/trace-context.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { AllowList } from "#lib/egress/allow-list.ts";
import { createKeptConnections } from "#lib/egress/kept-connections.ts";
import { histogramWithTraces } from "#lib/runtime/metrics.ts";
import type { EndedSpan } from "#lib/runtime/tracing.ts";
import { traceSpan } from "#lib/runtime/tracing.ts";
import type { CheckDeps, CheckResult } from "./checks/check.ts";
import { runCheck } from "./checks/index.ts";
import type { ScheduledProbe } from "./scheduler.ts";

const durationsOf = () =>
  histogramWithTraces({
    name: "nines_run_duration_seconds",
    help: "How long checks took, whatever they saw, by the type of the probe.",
    labels: ["type"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  });

const spanOf = (definition: ProbeDefinition, outcome: Outcome, traceId: string, endedAt: EpochMs): EndedSpan => ({
  name: `probe ${definition.type}`,
  kind: "client",
  traceId,
  spanId: rootSpanIdOf(traceId),
  parentSpanId: null,
  endedAt,
  durationMs: outcome.durationUs / 1_000,
  attributes: {
    "nines.probe.id": definition.id,
    "nines.run.class": outcome.class,
    ...(outcome.httpStatus === null ? {} : { "http.response.status_code": outcome.httpStatus }),
  },
  ...(outcome.class === "ok" ? {} : { error: outcome.class }),
});

/**
 * How the scheduler runs a probe of any type. `allow` is asked at every run, so that a new configuration holds at once.
 * Idle connections that probes keep do not hold the process.
 */
export const createProbeRunner = (
  deps: Omit<CheckDeps, "signal" | "allow" | "connections"> & { readonly allow: () => AllowList },
): ((probe: ScheduledProbe, signal: AbortSignal) => Promise<CheckResult>) => {
  const connections = createKeptConnections(deps.clock);
  const durations = durationsOf();
  return async ({ definition }, signal) => {
    const result = await runCheck(definition, { ...deps, allow: deps.allow(), connections, signal });
    const { outcome, traceId } = result;
    durations.observe(outcome.durationUs / 1_000_000, { type: definition.type }, traceId);
    if (traceId !== null) traceSpan(() => spanOf(definition, outcome, traceId, deps.clock.now()));
    return result;
  };
};
