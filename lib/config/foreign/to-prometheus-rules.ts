import type { BurnRatePair, Config, ServiceDefinition, SloDefinition } from "#lib/core/definitions.ts";
import { formatDuration } from "#lib/core/duration.ts";
import { formatFraction } from "#lib/core/slo/fraction.ts";
import { factorOf, objectiveOfPercent, thresholdOf } from "#lib/core/slo/objective.ts";
import type { DurationMs } from "#lib/core/units.ts";
import { DAY_MS, durationMs, HOUR_MS, MINUTE_MS, SECOND_MS } from "#lib/core/units.ts";
import type { Fidelity } from "./fidelity.ts";

type Labels = Readonly<Record<string, string>>;
export type Rule =
  | { readonly record: string; readonly expr: string; readonly labels: Labels }
  | { readonly alert: string; readonly expr: string; readonly labels: Labels; readonly annotations: Labels };
export type RuleGroup = { readonly name: string; readonly interval: string; readonly rules: readonly Rule[] };
export type RuleFile = { readonly groups: readonly RuleGroup[] };

/** Windows that dashboards made for Sloth ask for. */
const SLOTH_WINDOWS_MS = [5 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS, 6 * HOUR_MS, DAY_MS, 3 * DAY_MS];
const CURRENT_WINDOW = "5m";

const windowName = (ms: number): string => formatDuration(durationMs(ms));
/** A second less than the window: then old and new servers, which differ in whether a range holds its first instant, see the same minutes. */
const rangeOf = (ms: number): string => `${ms / SECOND_MS - 1}s`;

/** The names that Sloth gives to an SLO, in Prometheus rules and on `/metrics` alike. */
const slothLabels = (serviceId: string, sloId: string): Labels => ({
  sloth_id: sloId,
  sloth_service: serviceId,
  sloth_slo: sloId,
});

type Naming = { readonly labels: Labels; readonly selector: string };

const namingOf = (service: ServiceDefinition, slo: SloDefinition): Naming => {
  const labels = slothLabels(service.id, slo.id);
  return { labels, selector: `{sloth_id="${slo.id}"}` };
};

const countRules = ({ labels }: Naming, good: string, total: string): Rule[] => [
  { record: "nines:slo_total:count1m", expr: `sum(${total}) and on() sum(${good})`, labels },
  { record: "nines:slo_bad:count1m", expr: `clamp_min(sum(${total}) - on() sum(${good}), 0)`, labels },
];

const sumRules = ({ labels, selector }: Naming, ms: number): Rule[] => {
  const name = windowName(ms);
  const sum = (what: string): Rule => ({
    record: `nines:slo_${what}:sum${name}`,
    expr: `sum_over_time(nines:slo_${what}:count1m${selector}[${rangeOf(ms)}])`,
    labels,
  });
  const ratio: Rule = {
    record: `slo:sli_error:ratio_rate${name}`,
    expr: `nines:slo_bad:sum${name}${selector} / (nines:slo_total:sum${name}${selector} > 0)`,
    labels: { ...labels, sloth_window: name },
  };
  return [sum("bad"), sum("total"), ratio];
};

const metaRules = ({ labels, selector }: Naming, slo: SloDefinition): Rule[] => {
  const { good, budget } = objectiveOfPercent(slo.objective);
  const constant = (record: string, value: string): Rule => ({ record, expr: `vector(${value})`, labels });
  return [
    constant("slo:objective:ratio", formatFraction(good)),
    constant("slo:error_budget:ratio", formatFraction(budget)),
    constant("slo:time_period:days", `${slo.window.durationMs / DAY_MS}`),
    {
      record: "slo:current_burn_rate:ratio",
      expr: `slo:sli_error:ratio_rate${CURRENT_WINDOW}${selector} / ignoring(sloth_window) slo:error_budget:ratio${selector}`,
      labels,
    },
    {
      record: "sloth_slo_info",
      expr: "vector(1)",
      labels: {
        ...labels,
        sloth_mode: "nines",
        sloth_objective: slo.objective,
        sloth_spec: "nines/v1",
        sloth_version: "nines",
      },
    },
  ];
};

const periodRules = (naming: Naming, windowMs: DurationMs): Rule[] => {
  const { labels, selector } = naming;
  return [
    ...sumRules(naming, windowMs),
    {
      record: "slo:period_burn_rate:ratio",
      expr: `slo:sli_error:ratio_rate${windowName(windowMs)}${selector} / ignoring(sloth_window) slo:error_budget:ratio${selector}`,
      labels,
    },
    { record: "slo:period_error_budget_remaining:ratio", expr: `1 - slo:period_burn_rate:ratio${selector}`, labels },
  ];
};

/** Integers on both sides: a reading exactly on the threshold must not fire, and doubles would let some. */
const windowHolds = (pair: BurnRatePair, slo: SloDefinition, selector: string, ms: number): string => {
  const { numerator, denominator } = thresholdOf(factorOf(pair.factor), objectiveOfPercent(slo.objective));
  const name = windowName(ms);
  return `(nines:slo_bad:sum${name}${selector} * ${denominator} > nines:slo_total:sum${name}${selector} * ${numerator})`;
};

const alertRule = ({ labels, selector }: Naming, slo: SloDefinition, pair: BurnRatePair): Rule => {
  const [long, short] = [windowName(pair.longMs), windowName(pair.shortMs)];
  const guards = [
    ...(pair.minBadLong > 0 ? [`(nines:slo_bad:sum${long}${selector} >= ${pair.minBadLong})`] : []),
    ...(pair.minBadShort > 0 ? [`(nines:slo_bad:sum${short}${selector} >= ${pair.minBadShort})`] : []),
  ];
  return {
    alert: "NinesErrorBudgetBurn",
    expr: [
      windowHolds(pair, slo, selector, pair.longMs),
      windowHolds(pair, slo, selector, pair.shortMs),
      ...guards,
    ].join(" and "),
    labels: { ...labels, pair: pair.id, severity: pair.severity, sloth_severity: pair.severity },
    annotations: {
      summary: `${slo.id} burns its error budget more than ${pair.factor} times too fast`,
      description: `Over ${long} and over ${short} the share of bad events is above ${pair.factor} x (100 % - ${slo.objective} %).`,
    },
  };
};

/** The rule groups of one PromQL SLO. Counts, sums and alerts stand in one group, so that all see the same minute. */
const rulesOfSlo = (service: ServiceDefinition, slo: SloDefinition): RuleGroup[] => {
  if (slo.sli.kind !== "promql") return [];
  const naming = namingOf(service, slo);
  const pairWindows = slo.burnRateAlerts.flatMap(({ longMs, shortMs }) => [longMs, shortMs]);
  const windows = [...new Set<number>([...SLOTH_WINDOWS_MS, ...pairWindows])].sort((a, b) => a - b);
  const isPeriodApart = slo.window.kind === "rolling" && !windows.includes(slo.window.durationMs);
  const live: RuleGroup = {
    name: `nines-slo-${slo.id}`,
    interval: "1m",
    rules: [
      ...countRules(naming, slo.sli.good, slo.sli.total),
      ...windows.flatMap((ms) => sumRules(naming, ms)),
      ...metaRules(naming, slo),
      ...slo.burnRateAlerts.map((pair) => alertRule(naming, slo, pair)),
    ],
  };
  if (slo.window.kind !== "rolling") return [live];
  const period = periodRules(naming, slo.window.durationMs).slice(isPeriodApart ? 0 : 3);
  // A long window costs by its length at each evaluation, and moves slowly.
  return [live, { name: `nines-slo-${slo.id}-period`, interval: "5m", rules: period }];
};

const noteSlo = (slo: SloDefinition, fidelity: Fidelity): void => {
  const field = fidelity.cursor(`SLO/${slo.id}`, null);
  const at = (name: string) => field.at(name);
  if (slo.sli.kind !== "promql") {
    at("sli").drop(`${slo.sli.kind} counts probes, which Prometheus does not see: scrape /metrics for its figures`);
    return;
  }
  at("sli").change("counts stay fractions; Nines rounds them to whole events");
  at("objective").keep("slo:objective:ratio");
  at("burn_rate_alerts").change("without the rules for low coverage: missing minutes simply do not count");
  if (slo.window.kind === "calendar")
    at("window").drop("Prometheus has no calendar: there are no rules for the whole window");
  else at("window").keep("slo:time_period:days");
  if (slo.sli.source.auth !== null || Object.keys(slo.sli.source.headers).length > 0)
    at("source").drop("rules run inside of the server and need no address or credentials");
};

/**
 * Recording and alerting rules with Sloth's metric names for every PromQL SLO. Error ratios are ratios of sums, never
 * averages of ratios, and alerts compare whole numbers.
 */
export const toPrometheusRules = (config: Config, fidelity: Fidelity): RuleFile => ({
  groups: config.services.flatMap((service) =>
    service.slos.flatMap((slo) => {
      noteSlo(slo, fidelity);
      return rulesOfSlo(service, slo);
    }),
  ),
});
