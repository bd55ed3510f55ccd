import type { BurnRatePair, Config, SloDefinition } from "#lib/core/definitions.ts";
import { formatDuration } from "#lib/core/duration.ts";
import { factorOf, objectiveOfPercent } from "#lib/core/slo/objective.ts";
import { compare, fraction, multiply } from "#lib/core/slo/fraction.ts";
import type { DroppedPair } from "#lib/core/slo/policy.ts";
import { droppedPairs, pairId, shortWindowFor } from "#lib/core/slo/policy.ts";
import type { DurationMs } from "#lib/core/units.ts";
import { durationMs, MINUTE_MS } from "#lib/core/units.ts";
import type { ConfigWarning } from "./config-error.ts";
import { toDuration } from "./scalars.ts";
import type { ConfigFile } from "./schema.ts";
import { severityFor } from "./slo-rules.ts";

/** Pages that come later than this after the first failure are worth a word. */
const SLOW_PAGE_MS = 5 * MINUTE_MS;

type Probing = { readonly intervalMs: DurationMs; readonly locations: number };

/** The slowest of an SLO's probes, and the number of locations that see it. */
const probingOf = (config: Config, slo: SloDefinition): Probing => {
  const probes = config.services.flatMap((service) => service.probes).filter((probe) => slo.probes.includes(probe.id));
  const slowest = probes.toSorted((a, b) => b.intervalMs - a.intervalMs)[0];
  return { intervalMs: slowest?.intervalMs ?? durationMs(0), locations: slowest?.locations.length ?? 0 };
};

/** The fewest bad of `total` slots that are strictly above the pair's threshold, exactly. */
const fewestAbove = (total: number, pair: BurnRatePair, objective: string): number => {
  const threshold = multiply(factorOf(pair.factor), objectiveOfPercent(objective).budget);
  const product = multiply(threshold, fraction(BigInt(total), 1n));
  const floor = Number(product.numerator / product.denominator);
  return compare(product, fraction(BigInt(floor), 1n)) < 0 ? floor : floor + 1;
};

/** Failures in a row, in an otherwise healthy and full window, until a pair holds. */
export const failuresNeeded = (pair: BurnRatePair, objective: string, intervalMs: DurationMs): number => {
  const inLong = fewestAbove(Math.floor(pair.longMs / intervalMs), pair, objective);
  const inShort = fewestAbove(Math.floor(pair.shortMs / intervalMs), pair, objective);
  return Math.max(inLong, inShort, pair.minBadLong, pair.minBadShort);
};

const inWords = (ms: number): string => {
  const minutes = Math.ceil(ms / MINUTE_MS);
  return minutes === 1 ? "1 minute" : `${minutes} minutes`;
};

const lateness = (slo: SloDefinition, { intervalMs, locations }: Probing): string | null => {
  const pages = slo.burnRateAlerts.filter((pair) => pair.severity === "page");
  if (pages.length === 0) return `no page can come of this SLO: none of its alert pairs has the severity page`;
  const needed = Math.min(...pages.map((pair) => failuresNeeded(pair, slo.objective, intervalMs)));
  const earliestMs = (needed - 1) * intervalMs;
  if (earliestMs <= SLOW_PAGE_MS) return null;
  const where = locations === 1 ? "one location" : `${locations} locations`;
  return `${where} at ${formatDuration(intervalMs)}: a page needs ${needed} failures, at the earliest after ${inWords(earliestMs)}`;
};

const REASONS: Readonly<Record<DroppedPair["reason"], string>> = {
  short_not_below_long: "its short window must hold three intervals and would not be shorter than its long window",
  longer_than_window: "its long window is longer than the window of the SLO",
  never_fires: "its threshold cannot be reached at this objective",
};

type SloFile = NonNullable<ConfigFile["services"][number]["slos"]>[number];

/** Pairs that were asked for, by the file or by the default policy, and that cannot work. */
const leftOut = (file: SloFile, slo: SloDefinition, intervalMs: DurationMs): readonly string[] => {
  if (file.burn_rate_alerts === undefined) {
    const objective = objectiveOfPercent(slo.objective);
    const dropped = droppedPairs(slo.window.durationMs, { intervalMs, objective });
    return dropped.map(({ id, reason }) => `the alert pair ${id} is left out: ${REASONS[reason]}`);
  }
  return file.burn_rate_alerts.flatMap((pair) => {
    const [longMs, shortMs] = [toDuration(pair.long), toDuration(pair.short)];
    const id = pairId(severityFor(pair.severity, longMs), longMs, shortMs);
    if (shortWindowFor(shortMs, intervalMs) < longMs) return [];
    return [`the alert pair ${id} is left out: ${REASONS.short_not_below_long}`];
  });
};

/** What is valid but will probably disappoint: alerts that come late, or never. */
export const findWarnings = (file: ConfigFile, config: Config): ConfigWarning[] =>
  config.services.flatMap((service, at) =>
    service.slos.flatMap((slo, index) => {
      const source = file.services[at]?.slos?.[index];
      const probing = probingOf(config, slo);
      const late = lateness(slo, probing);
      const messages = [...(late === null ? [] : [late]), ...(source === undefined ? [] : leftOut(source, slo, probing.intervalMs))];
      const path = `services[${at}].slos[${index}]`;
      return messages.map((message) => ({ path, kind: "feasibility" as const, message }));
    }),
  );
