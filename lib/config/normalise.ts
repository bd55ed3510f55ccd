import type {
  BurnRatePair,
  Config,
  EndpointDefinition,
  ServiceDefinition,
  SloDefinition,
} from "#lib/core/definitions.ts";
import { objectiveOfPercent } from "#lib/core/slo/objective.ts";
import { defaultPolicy, PROBE_MIN_BAD, pairId, shortWindowFor } from "#lib/core/slo/policy.ts";
import type { DurationMs } from "#lib/core/units.ts";
import { durationMs, SECOND_MS } from "#lib/core/units.ts";
import type { Path } from "./config-error.ts";
import { exactDecimal } from "./exact-decimal.ts";
import { toDuration } from "./scalars.ts";
import type { ConfigFile } from "./schema.ts";
import { severityFor } from "./slo-rules.ts";
import { toProbe } from "./to-probe.ts";
import { toReferenceCheck } from "./to-reference-check.ts";

type ServiceFile = ConfigFile["services"][number];
type SloFile = NonNullable<ServiceFile["slos"]>[number];
type PairFile = NonNullable<SloFile["burn_rate_alerts"]>[number];
type NotificationFile = NonNullable<ConfigFile["notifications"]>[number];

/** The text of a number as it stands in the file, for values whose decimals count. */
export type SourceOf = (path: Path) => string | null;

const DEFAULT_WEBHOOK_TIMEOUT_MS = 5 * SECOND_MS;

/** The slowest interval of an SLO's probes. */
const slowestInterval = (slo: SloFile, intervals: ReadonlyMap<string, number>): DurationMs =>
  durationMs(Math.max(0, ...slo.probes.map((id) => intervals.get(id) ?? 0)));

const toPair = (file: PairFile, intervalMs: DurationMs, factor: string): BurnRatePair => {
  const longMs = toDuration(file.long);
  const shortMs = shortWindowFor(toDuration(file.short), intervalMs);
  const severity = severityFor(file.severity, longMs);
  return {
    id: pairId(severity, longMs, shortMs),
    severity,
    longMs,
    shortMs,
    factor,
    minBadLong: PROBE_MIN_BAD.long,
    minBadShort: PROBE_MIN_BAD.short,
    notify: file.notify ?? null,
  };
};

/** Pairs of the file that work for the interval. Two that became one by their longer short windows count once. */
const toPairs = (
  files: readonly PairFile[],
  intervalMs: DurationMs,
  factorAt: (index: number) => string,
): BurnRatePair[] => {
  const pairs = files.map((file, index) => toPair(file, intervalMs, factorAt(index)));
  return pairs.filter(
    (pair, index) => pair.shortMs < pair.longMs && pairs.findIndex((other) => other.id === pair.id) === index,
  );
};

const toSlo = (
  file: SloFile,
  path: Path,
  intervals: ReadonlyMap<string, number>,
  sourceOf: SourceOf,
): SloDefinition => {
  const intervalMs = slowestInterval(file, intervals);
  const objective = exactDecimal(sourceOf([...path, "objective"]), file.objective);
  const windowMs = toDuration(file.window);
  const factorAt = (index: number): string => {
    const written = file.burn_rate_alerts?.[index]?.factor ?? 0;
    return exactDecimal(sourceOf([...path, "burn_rate_alerts", index, "factor"]), written);
  };
  return {
    id: file.id,
    sli:
      file.sli === "latency"
        ? { kind: "latency", thresholdMs: toDuration(file.threshold ?? "") }
        : { kind: "availability" },
    probes: file.probes,
    objective,
    window: { kind: "rolling", durationMs: windowMs },
    burnRateAlerts:
      file.burn_rate_alerts === undefined
        ? defaultPolicy(windowMs, { intervalMs, objective: objectiveOfPercent(objective) })
        : toPairs(file.burn_rate_alerts, intervalMs, factorAt),
  };
};

const toEndpoint = (file: NotificationFile, secret: string): EndpointDefinition => ({
  id: file.id,
  type: "webhook",
  url: file.url,
  secret,
  events: file.events ?? ["*"],
  timeoutMs: file.timeout === undefined ? durationMs(DEFAULT_WEBHOOK_TIMEOUT_MS) : toDuration(file.timeout),
});

const withoutTrailingSlash = (url: string): string => new URL(url).href.replace(/\/+$/, "");

/** A file without faults as the engine knows it, defaults filled in. */
export const normalise = (file: ConfigFile, secrets: ReadonlyMap<string, string>, sourceOf: SourceOf): Config => {
  const secretOf = (path: Path): string => secrets.get(JSON.stringify(path)) ?? "";
  const probesOf = file.services.map((service, index) =>
    service.probes.map((probe, at) => toProbe(probe, ["services", index, "probes", at], secretOf)),
  );
  const intervals = new Map(probesOf.flat().map((probe) => [probe.id, probe.intervalMs] as const));
  const toService = (service: ServiceFile, index: number): ServiceDefinition => ({
    id: service.id,
    name: service.name,
    description: service.description ?? null,
    group: service.group ?? null,
    probes: probesOf[index] ?? [],
    slos: (service.slos ?? []).map((slo, at) => toSlo(slo, ["services", index, "slos", at], intervals, sourceOf)),
  });
  return {
    version: 1,
    page: {
      name: file.page?.name ?? "Status",
      url: file.page?.url === undefined ? null : withoutTrailingSlash(file.page.url),
      timeZone: file.page?.time_zone ?? "UTC",
      languages: file.page?.languages ?? ["en"],
    },
    egress: { allow: file.egress?.allow ?? [] },
    locations: file.locations.map(({ id, name, reference_checks }) => ({
      id,
      name: name ?? id,
      ...(reference_checks === undefined ? {} : { referenceChecks: reference_checks.map(toReferenceCheck) }),
    })),
    services: file.services.map(toService),
    notifications: (file.notifications ?? []).map((entry, index) =>
      toEndpoint(entry, secretOf(["notifications", index, "secret"])),
    ),
  };
};
