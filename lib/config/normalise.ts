import { withDefaultStatus } from "#lib/core/assertions.ts";
import type {
  Assertion,
  AssertionValue,
  BurnRatePair,
  Config,
  EndpointDefinition,
  ProbeDefinition,
  ServiceDefinition,
  SloDefinition,
} from "#lib/core/definitions.ts";
import { objectiveOfPercent } from "#lib/core/slo/objective.ts";
import { defaultPolicy, PROBE_MIN_BAD, pairId, shortWindowFor } from "#lib/core/slo/policy.ts";
import type { DurationMs } from "#lib/core/units.ts";
import { DAY_MS, durationMs, SECOND_MS } from "#lib/core/units.ts";
import type { Path } from "./config-error.ts";
import { exactDecimal } from "./exact-decimal.ts";
import { readDuration, toDuration } from "./scalars.ts";
import type { ConfigFile } from "./schema.ts";
import type { AssertionFile } from "./schema-assertion.ts";
import { severityFor } from "./slo-rules.ts";

type ServiceFile = ConfigFile["services"][number];
type ProbeFile = ServiceFile["probes"][number];
type SloFile = NonNullable<ServiceFile["slos"]>[number];
type PairFile = NonNullable<SloFile["burn_rate_alerts"]>[number];
type NotificationFile = NonNullable<ConfigFile["notifications"]>[number];

/** The text of a number as it stands in the file, for values whose decimals count. */
export type SourceOf = (path: Path) => string | null;

const DEFAULT_TIMEOUT_MS = 10 * SECOND_MS;
const DEFAULT_WEBHOOK_TIMEOUT_MS = 5 * SECOND_MS;
const MAX_REDIRECTS = 10;
const daysOf = (value: unknown): number => (typeof value === "string" ? toDuration(value) / DAY_MS : Number(value));

/** An assertion of the file as the engine knows it. Its value was checked against type and operator before. */
const toAssertion = (file: AssertionFile): Assertion => {
  const value = (file.op === "exists" ? (file.value ?? true) : file.value) as AssertionValue;
  switch (file.type) {
    case "latency":
      return { type: "latency", op: file.op, valueMs: toDuration(String(file.value)) };
    case "certificate":
      return { type: "certificate", op: file.op, value: daysOf(file.value) };
    case "header":
      return { type: "header", name: file.name.toLowerCase(), op: file.op, value };
    case "json_path":
      return { type: "json_path", path: file.path, op: file.op, value };
    case "status":
      return { type: "status", op: file.op, value };
    case "body":
      return { type: "body", op: file.op, value };
  }
};

const toProbe = (file: ProbeFile): ProbeDefinition => {
  const intervalMs = toDuration(file.interval);
  const assertions = (file.assertions ?? []).map(toAssertion);
  return {
    type: "http",
    id: file.id,
    url: file.url,
    method: file.method ?? "GET",
    headers: Object.fromEntries(Object.entries(file.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
    body: file.body ?? null,
    intervalMs,
    timeoutMs:
      file.timeout === undefined ? durationMs(Math.min(DEFAULT_TIMEOUT_MS, intervalMs)) : toDuration(file.timeout),
    maxRedirects: file.max_redirects ?? MAX_REDIRECTS,
    locations: file.locations,
    assertions: withDefaultStatus(assertions),
  };
};

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
export const normalise = (file: ConfigFile, keys: ReadonlyMap<number, string>, sourceOf: SourceOf): Config => {
  const intervals = new Map(
    file.services.flatMap((service) =>
      service.probes.map((probe) => [probe.id, readDuration(probe.interval) ?? 0] as const),
    ),
  );
  const toService = (service: ServiceFile, index: number): ServiceDefinition => ({
    id: service.id,
    name: service.name,
    description: service.description ?? null,
    group: service.group ?? null,
    probes: service.probes.map(toProbe),
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
    locations: file.locations.map(({ id, name }) => ({ id, name: name ?? id })),
    services: file.services.map(toService),
    notifications: (file.notifications ?? []).map((entry, index) => toEndpoint(entry, keys.get(index) ?? "")),
  };
};
