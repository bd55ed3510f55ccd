import type { Outcome } from "#lib/core/outcome.ts";
import type { DurationUs } from "#lib/core/units.ts";

const toMs = (us: DurationUs | null): number | null => (us === null ? null : us / 1_000);

/** What `probe --batch` prints for a run. Times are milliseconds with fractions; null stands for a phase not reached. */
export const resultLine = (id: unknown, outcome: Outcome): Record<string, unknown> => ({
  id,
  class: outcome.class,
  detail: outcome.detail,
  duration_ms: toMs(outcome.durationUs),
  phases_ms: {
    dns: toMs(outcome.phasesUs.dns),
    connect: toMs(outcome.phasesUs.connect),
    tls: toMs(outcome.phasesUs.tls),
    first_byte: toMs(outcome.phasesUs.firstByte),
    transfer: toMs(outcome.phasesUs.transfer),
  },
  http_status: outcome.httpStatus,
  bytes_read: outcome.bytesRead,
});

/** What it prints for a line that is no request: our own `internal_error`, with the reason in words. */
export const unreadableLine = (id: unknown, reason: string): Record<string, unknown> => ({
  id,
  class: "internal_error",
  detail: reason,
  duration_ms: 0,
  phases_ms: { dns: null, connect: null, tls: null, first_byte: null, transfer: null },
  http_status: null,
  bytes_read: 0,
});
