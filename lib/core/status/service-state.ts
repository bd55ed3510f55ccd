import type { MeasuredServiceState } from "./severity.ts";
import type { SliReading, SliState } from "./sli-state.ts";

export type CoreSli = { readonly kind: "availability" | "latency"; readonly reading: SliReading };

export type ServiceReading = {
  readonly measured: MeasuredServiceState;
  /** The reading of the SLI that decided; null for a service without any. */
  readonly decidedBy: SliReading | null;
};

const WORST_FIRST: readonly SliState[] = ["outage", "degraded", "unknown", "operational"];

const worstReading = (slis: readonly CoreSli[]): SliReading | null =>
  [...slis].sort((a, b) => WORST_FIRST.indexOf(a.reading.state) - WORST_FIRST.indexOf(b.reading.state))[0]?.reading ??
  null;

/**
 * The measured state of a service from its core SLIs. All availability SLIs down: major outage; some: partial. A
 * location that disagrees with the others makes a partial outage, even where that leaves no slot decided. A latency SLI
 * only degrades, and its silence says nothing while availability is measured: slots without an answer are not its own.
 */
export const decideServiceState = (slis: readonly CoreSli[], hasDissent: boolean): ServiceReading => {
  const availability = slis.filter((sli) => sli.kind === "availability");
  const core = availability.length > 0 ? availability : slis;
  const speaking = slis.filter((sli) => core.includes(sli) || sli.reading.state !== "unknown");
  const decidedBy = worstReading(speaking);
  const down = core.filter((sli) => sli.reading.state === "outage").length;
  const decided = (measured: MeasuredServiceState): ServiceReading => ({ measured, decidedBy });
  if (core.length === 0) return decided("unknown");
  if (down === core.length) return decided("major_outage");
  if (down > 0 || hasDissent) return decided("partial_outage");
  if (speaking.some((sli) => sli.reading.state === "degraded")) return decided("degraded_performance");
  return decided(core.some((sli) => sli.reading.state === "unknown") ? "unknown" : "operational");
};
