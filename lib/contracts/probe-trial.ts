import type { Outcome, Phases, RunPart } from "#lib/core/outcome.ts";
import { voteOfClass } from "#lib/core/outcome.ts";
import type { DurationUs, EpochMs } from "#lib/core/units.ts";
import { instantText } from "./api.ts";
import type { ProbeTrialResource } from "./probes.ts";

const ms = (us: DurationUs | null): number | null => (us === null ? null : us / 1_000);

const phasesOf = (phases: Phases): ProbeTrialResource["phasesMs"] => ({
  dns: ms(phases.dns),
  connect: ms(phases.connect),
  tls: ms(phases.tls),
  firstByte: ms(phases.firstByte),
  transfer: ms(phases.transfer),
});

/** What somebody is told of a run that they asked for. */
export const trialResource = (
  probeId: string,
  startedAt: EpochMs,
  trial: { readonly outcome: Outcome; readonly traceId: string | null; readonly parts: readonly RunPart[] },
): ProbeTrialResource => {
  const { outcome, traceId, parts } = trial;
  const { certificateExpiresAt } = outcome;
  return {
    probeId,
    startedAt: instantText(startedAt),
    class: outcome.class,
    vote: voteOfClass(outcome.class),
    detail: outcome.detail,
    durationMs: outcome.durationUs / 1_000,
    phasesMs: phasesOf(outcome.phasesUs),
    httpStatus: outcome.httpStatus,
    bytesRead: outcome.bytesRead,
    address: outcome.address,
    certificateExpiresAt: certificateExpiresAt === null ? null : instantText(certificateExpiresAt),
    traceId,
    failures: outcome.failures.map((failure) => ({ ...failure })),
    parts: parts.map((part) => ({
      key: part.key,
      name: part.name,
      class: part.class,
      vote: voteOfClass(part.class),
      detail: part.detail,
      durationMs: part.durationUs / 1_000,
      httpStatus: part.httpStatus,
      failures: part.failures.map((failure) => ({ ...failure })),
    })),
    isCounted: false,
  };
};
