import type { BurnRatePair, Config, ProbeDefinition, SloDefinition } from "#lib/core/definitions.ts";
import { formatDuration } from "#lib/core/duration.ts";
import { compare, fraction, multiply } from "#lib/core/slo/fraction.ts";
import { factorOf, objectiveOfPercent } from "#lib/core/slo/objective.ts";
import type { DroppedPair } from "#lib/core/slo/policy.ts";
import { droppedPairs, pairId, shortWindowFor } from "#lib/core/slo/policy.ts";
import type { DurationMs } from "#lib/core/units.ts";
import { durationMs, MINUTE_MS } from "#lib/core/units.ts";
import type { ConfigWarning } from "./config-error.ts";
import { toDuration } from "./scalars.ts";
import type { ConfigFile } from "./schema.ts";
import { severityFor } from "./slo-rules.ts";

/** Pages that come this long after the first failure, or later, are worth a word. */
const SLOW_PAGE_MS = 10 * MINUTE_MS;

type Probing = { readonly intervalMs: DurationMs; readonly locations: number };

/** The slowest of an SLO's probes, and the number of locations that see it. */
const probingOf = (slo: SloDefinition, probes: ReadonlyMap<string, ProbeDefinition>): Probing => {
  const own = slo.probes.map((id) => probes.get(id)).filter((probe) => probe !== undefined);
  const slowest = own.toSorted((a, b) => b.intervalMs - a.intervalMs)[0];
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
const failuresNeeded = (pair: BurnRatePair, objective: string, intervalMs: DurationMs): number => {
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
  if (earliestMs < SLOW_PAGE_MS) return null;
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
export const findWarnings = (file: ConfigFile, config: Config): ConfigWarning[] => {
  const probes = new Map(
    config.services.flatMap((service) => service.probes.map((probe) => [probe.id, probe] as const)),
  );
  const messagesFor = (slo: SloDefinition, source: SloFile | undefined): readonly string[] => {
    const probing = probingOf(slo, probes);
    const late = lateness(slo, probing);
    return [
      ...(late === null ? [] : [late]),
      ...(source === undefined ? [] : leftOut(source, slo, probing.intervalMs)),
    ];
  };
  return config.services.flatMap((service, at) =>
    service.slos.flatMap((slo, index) =>
      messagesFor(slo, file.services[at]?.slos?.[index]).map((message) => ({
        path: `services[${at}].slos[${index}]`,
        kind: "feasibility" as const,
        message,
      })),
    ),
  );
};
