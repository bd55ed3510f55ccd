import type { AllowList } from "#lib/egress/allow-list.ts";
import { createKeptConnections } from "#lib/egress/kept-connections.ts";
import type { CheckDeps, CheckResult } from "./checks/check.ts";
import { runCheck } from "./checks/index.ts";
import type { ScheduledProbe } from "./scheduler.ts";

/**
 * How the scheduler runs a probe of any type. `allow` is asked at every run, so that a new configuration holds at once.
 * Idle connections that probes keep do not hold the process.
 */
export const createProbeRunner = (
  deps: Omit<CheckDeps, "signal" | "allow" | "connections"> & { readonly allow: () => AllowList },
): ((probe: ScheduledProbe, signal: AbortSignal) => Promise<CheckResult>) => {
  const connections = createKeptConnections(deps.clock);
  return ({ definition }, signal) => runCheck(definition, { ...deps, allow: deps.allow(), connections, signal });
};
