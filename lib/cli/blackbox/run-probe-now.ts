import type { RunProbeNow } from "#lib/commands/run-probe-now.ts";
import type { ProbeDefinition } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import { durationMs } from "#lib/core/units.ts";
import type { CheckDeps } from "#probes/checks/check.ts";
import { runPartOf } from "#probes/checks/check.ts";
import { runCheck } from "#probes/checks/index.ts";

/** Somebody waits for the answer, and so does what stands between us. */
const LONGEST_TIMEOUT_MS = 10_000;
const MOST_AT_ONCE = 4;

const capped = (definition: ProbeDefinition): ProbeDefinition => ({
  ...definition,
  timeoutMs: durationMs(Math.min(definition.timeoutMs, LONGEST_TIMEOUT_MS)),
});

/** How the web role runs a probe that somebody asks for: the checks of the probe role, over fresh connections. */
export const createProbeNowRunner = (deps: Omit<CheckDeps, "allow" | "connections">): RunProbeNow => {
  const running = new Set<string>();
  return async ({ definition, allow }) => {
    const { id } = definition;
    if (running.has(id)) throw new AppError("CONFLICT", "this probe is being run now; try again shortly");
    if (running.size >= MOST_AT_ONCE)
      throw new AppError("NOT_READY", "too many probes are being run; try again shortly");
    running.add(id);
    try {
      const { outcome, traceId, parts = [] } = await runCheck(capped(definition), { ...deps, allow });
      return { outcome, traceId, parts: parts.map(runPartOf) };
    } finally {
      running.delete(id);
    }
  };
};
