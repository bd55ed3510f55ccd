import type {
  BurnRatePair,
  Config,
  EndpointDefinition,
  ServiceDefinition,
  SloDefinition,
} from "#lib/core/definitions.ts";
import { formatDuration } from "#lib/core/duration.ts";
import { eventInterval } from "#lib/core/slo/event-stream.ts";
import { formatFraction, fraction, multiply, parseFraction, toNumber } from "#lib/core/slo/fraction.ts";
import { factorOf, objectiveOfPercent } from "#lib/core/slo/objective.ts";
import { defaultPolicy } from "#lib/core/slo/policy.ts";
import type { DurationMs } from "#lib/core/units.ts";
import type { Fidelity } from "./fidelity.ts";
import { SLI_ANNOTATION } from "./from-openslo.ts";
import { POLICY_ANNOTATION } from "./openslo-alerts.ts";
import { OPENSLO_VERSION } from "./openslo-documents.ts";
import { DEFAULT_ANCHOR } from "./openslo-window.ts";
import { sliFile } from "./sli-file.ts";

export type OpenSloDocument = {
  readonly apiVersion: typeof OPENSLO_VERSION;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
};

const CALENDAR_DURATIONS = { day: "1d", week: "1w", month: "1M", quarter: "1Q", year: "1Y" } as const;
const MAX_DESCRIPTION = 1_050;
/** Stands in where nobody is named: the format wants at least one target. */
const NOBODY = "nines-events";

const documentOf = (
  kind: string,
  metadata: Readonly<Record<string, unknown>>,
  spec: Readonly<Record<string, unknown>>,
): OpenSloDocument => ({ apiVersion: OPENSLO_VERSION, kind, metadata, spec });

const described = (text: string | null | undefined): { description?: string } =>
  text === null || text === undefined || text === "" ? {} : { description: text.slice(0, MAX_DESCRIPTION) };

const shareOf = (percent: string): number => {
  const value = parseFraction(percent);
  return value === null ? Number(percent) / 100 : Number(formatFraction(multiply(value, fraction(1n, 100n))));
};

/** Sources by address, numbered in the order of the file. */
const sourceNames = (config: Config): Map<string, string> => {
  const urls = config.services.flatMap(({ slos }) =>
    slos.flatMap(({ sli }) => (sli.kind === "promql" ? [sli.source.url] : [])),
  );
  const distinct = [...new Set(urls)];
  return new Map(distinct.map((url, index) => [url, distinct.length === 1 ? "prometheus" : `prometheus-${index + 1}`]));
};

const indicatorOf = (slo: SloDefinition, sources: ReadonlyMap<string, string>): Record<string, unknown> => {
  const { sli } = slo;
  const metric = (part: "good" | "total") => {
    if (sli.kind === "promql")
      return {
        metricSource: { metricSourceRef: sources.get(sli.source.url), type: "Prometheus", spec: { query: sli[part] } },
      };
    return { metricSource: { type: "Nines", spec: { events: part, sli: sli.kind, probes: slo.probes } } };
  };
  return {
    metadata: { name: slo.id },
    spec: { ratioMetric: { counter: false, good: metric("good"), total: metric("total") } },
  };
};

const windowOf = ({ window }: SloDefinition): Record<string, unknown> => {
  if (window.kind === "rolling") return { duration: formatDuration(window.durationMs), isRolling: true };
  const startTime = window.anchor ?? DEFAULT_ANCHOR;
  const duration = CALENDAR_DURATIONS[window.period];
  return { duration, isRolling: false, calendar: { startTime, timeZone: window.timeZone } };
};

const methodOf = ({ sli }: SloDefinition): { budgetingMethod: string; objective: Record<string, unknown> } => {
  if (sli.kind === "timeslice") {
    const objective = { timeSliceTarget: shareOf(sli.target), timeSliceWindow: formatDuration(sli.sliceMs) };
    return { budgetingMethod: "Timeslices", objective };
  }
  if (sli.kind === "ratio_timeslices")
    return { budgetingMethod: "RatioTimeslices", objective: { timeSliceWindow: formatDuration(sli.sliceMs) } };
  return { budgetingMethod: "Occurrences", objective: {} };
};

/** The policy that the SLO has when the file names none. */
const standardOf = (slo: SloDefinition, intervals: readonly DurationMs[]): BurnRatePair[] =>
  defaultPolicy(slo.window.durationMs, {
    intervalMs: eventInterval(slo, intervals),
    objective: objectiveOfPercent(slo.objective),
  });

const policyAnnotation = (slo: SloDefinition, intervals: readonly DurationMs[]): string => {
  const standard = standardOf(slo, intervals);
  const isStandard = JSON.stringify(standard) === JSON.stringify(slo.burnRateAlerts);
  const pairs = slo.burnRateAlerts.map(({ severity, longMs, shortMs, factor, minBadLong, minBadShort }) => ({
    severity,
    long: formatDuration(longMs),
    short: formatDuration(shortMs),
    factor,
    min_bad: { long: minBadLong, short: minBadShort },
  }));
  return JSON.stringify({ policy: isStandard ? "default" : "own", pairs });
};

const policyName = (slo: SloDefinition, pair: BurnRatePair): string => {
  const suffix = `-${pair.severity}-${formatDuration(pair.longMs)}`;
  return `${slo.id.slice(0, 63 - suffix.length).replace(/-+$/, "")}${suffix}`;
};

/** One policy for each pair: the long window as the condition, since the format knows no second one. */
const policiesOf = (slo: SloDefinition, endpoints: readonly EndpointDefinition[]): OpenSloDocument[] =>
  slo.burnRateAlerts.map((pair) => {
    const named =
      pair.notify ??
      endpoints.filter(({ events }) => events.includes("*") || events.includes("alert.firing")).map(({ id }) => id);
    const condition = {
      kind: "burnrate",
      op: "gt",
      threshold: toNumber(factorOf(pair.factor)),
      lookbackWindow: formatDuration(pair.longMs),
      alertAfter: "0m",
    };
    return documentOf(
      "AlertPolicy",
      { name: policyName(slo, pair) },
      {
        alertWhenBreaching: true,
        alertWhenResolved: true,
        alertWhenNoData: false,
        conditions: [
          {
            kind: "AlertCondition",
            metadata: { name: policyName(slo, pair) },
            spec: { severity: pair.severity, condition },
          },
        ],
        notificationTargets: (named.length === 0 ? [NOBODY] : named).map((targetRef) => ({ targetRef })),
      },
    );
  });

const sloDocument = (
  service: ServiceDefinition,
  slo: SloDefinition,
  sources: ReadonlyMap<string, string>,
): OpenSloDocument => {
  const intervals = service.probes.filter(({ id }) => slo.probes.includes(id)).map(({ intervalMs }) => intervalMs);
  const { budgetingMethod, objective } = methodOf(slo);
  const annotations = {
    [SLI_ANNOTATION]: JSON.stringify(slo.sli.kind === "promql" ? { sli: "promql" } : sliFile(slo)),
    [POLICY_ANNOTATION]: policyAnnotation(slo, intervals),
  };
  return documentOf(
    "SLO",
    { name: slo.id, annotations },
    {
      ...described(slo.document?.rationale),
      service: service.id,
      indicator: indicatorOf(slo, sources),
      timeWindow: [windowOf(slo)],
      budgetingMethod,
      objectives: [{ displayName: slo.id, target: shareOf(slo.objective), ...objective }],
      alertPolicies: slo.burnRateAlerts.map((pair) => ({ alertPolicyRef: policyName(slo, pair) })),
    },
  );
};

const noteSlo = (slo: SloDefinition, fidelity: Fidelity): void => {
  const at = (field: string) => fidelity.cursor(`SLO/${slo.id}`, null).at(field);
  if (slo.sli.kind === "promql") at("sli").keep("ratioMetric of Prometheus");
  else at("sli").change(`a source of the type Nines, and the annotation ${SLI_ANNOTATION} for Nines itself`);
  at("objective").keep("objectives[0].target");
  at("window").keep("timeWindow");
  at("burn_rate_alerts").change(
    `one AlertPolicy a pair with its long window; the pairs stand in the annotation ${POLICY_ANNOTATION}`,
  );
  for (const [field, value] of [
    ["exclusions", slo.exclusions],
    ["budget_policy", slo.budgetPolicy],
    ["core", slo.core],
  ] as const) {
    if (value !== undefined) at(field).drop("OpenSLO has no such field");
  }
  if (slo.document !== undefined)
    at("document").change("the rationale as description; owner, reviewers and dates have no field");
};

/**
 * The configuration as OpenSLO v1 documents, strictly in its form. What OpenSLO cannot say goes into two annotations, so
 * that reading the result back gives the same SLOs. Credentials are left out.
 */
export const toOpenSlo = (config: Config, fidelity: Fidelity): OpenSloDocument[] => {
  const sources = sourceNames(config);
  const withSlos = config.services.filter(({ slos }) => slos.length > 0);
  const slos = withSlos.flatMap(({ slos: own }) => own);
  for (const slo of slos) noteSlo(slo, fidelity);
  for (const { id, probes } of config.services) {
    if (probes.length > 0) fidelity.cursor(`Service/${id}`, null).at("probes").drop("OpenSLO has no probes");
  }
  const targets = config.notifications.map(({ id, type }) =>
    documentOf("AlertNotificationTarget", { name: id }, { target: type }),
  );
  const nobody = documentOf("AlertNotificationTarget", { name: NOBODY }, { target: "events" });
  const policies = slos.flatMap((slo) => policiesOf(slo, config.notifications));
  const isNobodyNamed = JSON.stringify(policies).includes(`"targetRef":"${NOBODY}"`);
  return [
    ...[...sources].map(([url, name]) =>
      documentOf("DataSource", { name }, { type: "Prometheus", connectionDetails: { url } }),
    ),
    ...withSlos.map(({ id, name, description }) =>
      documentOf("Service", { name: id, displayName: name }, { ...described(description) }),
    ),
    ...targets,
    ...(isNobodyNamed ? [nobody] : []),
    ...policies,
    ...withSlos.flatMap((service) => service.slos.map((slo) => sloDocument(service, slo, sources))),
  ];
};
