import type { EpochMs } from "#lib/core/units.ts";
import { DAY_MS, epochMs, HOUR_MS } from "#lib/core/units.ts";
import type { OrganisationSize } from "./config.ts";

/** When the past begins and ends: whole UTC days, then the hours of today until `now`. */
export type Past = {
  readonly size: OrganisationSize;
  readonly from: EpochMs;
  /** The end of the newest evaluated hour. */
  readonly until: EpochMs;
  readonly now: EpochMs;
};

export const pastOf = (size: OrganisationSize, now: EpochMs): Past => ({
  size,
  from: epochMs(Math.floor(now / DAY_MS) * DAY_MS - size.days * DAY_MS),
  until: epochMs(Math.floor(now / HOUR_MS) * HOUR_MS),
  now,
});
