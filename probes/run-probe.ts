import type { AllowList } from "#lib/egress/allow-list.ts";
import { createKeptConnections } from "#lib/egress/kept-connections.ts";
import { histogramWithTraces } from "#lib/runtime/metrics.ts";
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
    durations.observe(result.outcome.durationUs / 1_000_000, { type: definition.type }, result.traceId);
    return result;
  };
};
