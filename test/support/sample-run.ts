import type { Outcome, Run } from "#lib/core/outcome.ts";
import { addMs, durationUs, epochMs } from "#lib/core/units.ts";

/** A run of `shop-home` from `fra` that went well, with what the test changes. */
export const sampleRun = (
  changes: Partial<Omit<Run, "outcome" | "scheduledAt">> & { scheduledAt: number; outcome?: Partial<Outcome> },
): Run => {
  const { outcome, ...rest } = changes;
  const scheduledAt = epochMs(changes.scheduledAt);
  return {
    probeId: "shop-home",
    locationId: "fra",
    startedAt: addMs(scheduledAt, 2),
    traceId: "0af7651916cd43dd8448eb211c80319c",
    ...rest,
    scheduledAt,
    outcome: {
      class: "ok",
      detail: null,
      durationUs: durationUs(12_345),
      phasesUs: {
        dns: durationUs(100),
        connect: durationUs(2_000),
        tls: null,
        firstByte: durationUs(9_000),
        transfer: durationUs(245),
      },
      httpStatus: 200,
      bytesRead: 2,
      address: "192.0.2.1",
      certificateExpiresAt: null,
      failures: [],
      ...outcome,
    },
  };
};
