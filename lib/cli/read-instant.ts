import { usageError } from "#lib/cli/usage-error.ts";
import { parseDuration } from "#lib/core/duration.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, epochMs } from "#lib/core/units.ts";

/** A length of time from `from` ("2h", "90d") or an instant in ISO 8601. @throws AppError USAGE */
export const readInstant = (text: string, from: EpochMs): EpochMs => {
  const duration = parseDuration(text);
  if (duration !== null) return addMs(from, duration);
  const at = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw usageError(`"${text}" is neither a length of time such as 2h nor an instant such as 2027-01-01T00:00:00Z`);
  return epochMs(at);
};

/** A length of time back from `now` ("20m" ago) or an instant in ISO 8601. @throws AppError USAGE */
export const readPast = (text: string, now: EpochMs): EpochMs => {
  const ago = parseDuration(text);
  return ago === null ? readInstant(text, now) : addMs(now, -ago);
};
