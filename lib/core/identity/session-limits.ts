import type { DurationMs } from "../units.ts";
import { durationMs, HOUR_MS, MINUTE_MS } from "../units.ts";

/** When a session ends by itself. */
export type SessionLimits = {
  /** Without use for so long. */
  readonly idleMs: DurationMs;
  /** However busy it was. */
  readonly absoluteMs: DurationMs;
};

export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  idleMs: durationMs(30 * MINUTE_MS),
  absoluteMs: durationMs(12 * HOUR_MS),
};
