import { usageError } from "#lib/cli/usage-error.ts";
import { severityFor } from "#lib/config/rules/slo.ts";
import type { AlertSeverity, BurnRatePair } from "#lib/core/definitions.ts";
import { parseDuration } from "#lib/core/duration.ts";
import { factorOf } from "#lib/core/slo/objective.ts";
import { minBadFor, pairId, shortWindowFor } from "#lib/core/slo/policy.ts";
import type { DurationMs } from "#lib/core/units.ts";

const refuse = (message: string): never => {
  throw usageError(`backtest: ${message}`);
};

export type Guard = { readonly long: number; readonly short: number };

/** Reads `3/2`: bad events in the long and in the short window. @throws AppError USAGE */
export const readGuard = (text: string): Guard => {
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text);
  if (match === null) return refuse(`--min-bad must be two counts such as 3/2, got "${text}"`);
  return { long: Number(match[1]), short: Number(match[2]) };
};

const readPair = (text: string, intervalMs: DurationMs): BurnRatePair => {
  const [long = "", short = "", factor = "", severity, ...rest] = text.split(":");
  const longMs = parseDuration(long) ?? refuse(`"${long}" is no long window such as 1h`);
  const shortMs = shortWindowFor(
    parseDuration(short) ?? refuse(`"${short}" is no short window such as 5m`),
    intervalMs,
  );
  if (rest.length > 0 || (severity !== undefined && severity !== "page" && severity !== "ticket")) {
    refuse(`"${text}": after long, short and factor only "page" or "ticket" may follow`);
  }
  try {
    factorOf(factor);
  } catch (error) {
    refuse(`"${text}": ${error instanceof Error ? error.message : String(error)}`);
  }
  if (shortMs >= longMs) refuse(`"${text}": the short window, at least three intervals, must be below the long one`);
  const known: AlertSeverity = severityFor(severity, longMs);
  return {
    id: pairId(known, longMs, shortMs),
    severity: known,
    longMs,
    shortMs,
    factor,
    ...minBadFor({ severity: known, shortMs, intervalMs }),
    notify: null,
  };
};

/**
 * Reads pairs such as `1h:5m:14.4,6h:30m:6,1d:2h:3:ticket`: long window, short window, factor and, if it is not what the
 * long window suggests, the severity. Short windows grow to three intervals, as they do in the configuration.
 * @throws AppError USAGE
 */
export const readPolicy = (text: string, intervalMs: DurationMs): BurnRatePair[] =>
  text.split(",").map((pair) => readPair(pair.trim(), intervalMs));
