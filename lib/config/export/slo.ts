import type {
  BudgetRule,
  BurnRatePair,
  EventSli,
  ProbeDefinition,
  SliDefinition,
  SloDefinition,
  SloDocument,
  SloWindow,
  ThresholdAlert,
} from "#lib/core/definitions.ts";
import { formatDuration } from "#lib/core/duration.ts";
import { eventInterval } from "#lib/core/slo/event-stream.ts";
import { objectiveOfPercent } from "#lib/core/slo/objective.ts";
import { defaultPolicy } from "#lib/core/slo/policy.ts";
import type { DurationMs } from "#lib/core/units.ts";
import { DAY_MS, durationMs, MINUTE_MS } from "#lib/core/units.ts";
import { isTimeMetric } from "../rules/threshold.ts";
import type { ExportContext, Section } from "./context.ts";
import { Decimal, exportSource, known, said, unless } from "./context.ts";

export type Intervals = ReadonlyMap<string, DurationMs>;

/** The interval of each probe by its id, which default alerts depend on. */
export const intervalsOf = (probes: readonly ProbeDefinition[]): Intervals =>
  new Map(probes.map(({ id, intervalMs }) => [id, intervalMs]));

const exportBase = (base: EventSli): Section =>
  base.kind === "latency" ? { base: base.kind, threshold: formatDuration(base.thresholdMs) } : { base: base.kind };

const exportSli = (slo: SloDefinition, context: ExportContext): Section => {
  const sli: SliDefinition = slo.sli;
  switch (sli.kind) {
    case "availability":
    case "journey":
      return { sli: sli.kind };
    case "latency":
      return { sli: sli.kind, threshold: formatDuration(sli.thresholdMs) };
    case "timeslice":
    case "ratio_timeslices":
      return {
        sli: sli.kind,
        ...exportBase(sli.base),
        slice: formatDuration(sli.sliceMs),
        slice_target: sli.kind === "timeslice" ? new Decimal(sli.target) : undefined,
        no_data: unless(sli.noData, "ignore"),
      };
    case "component":
      return { sli: sli.kind, part: sli.part };
    case "promql":
      return { sli: sli.kind, source: exportSource(sli.source, [slo.id], context), good: sli.good, total: sli.total };
  }
};

const exportWindow = (window: SloWindow): unknown =>
  window.kind === "rolling"
    ? formatDuration(window.durationMs)
    : said({ calendar: window.period, time_zone: window.timeZone, anchor: window.anchor });

const exportPair = (pair: BurnRatePair): Section =>
  said({
    long: formatDuration(pair.longMs),
    short: formatDuration(pair.shortMs),
    factor: new Decimal(pair.factor),
    severity: pair.severity,
    min_bad: { long: pair.minBadLong, short: pair.minBadShort },
    notify: known(pair.notify),
  });

/** A pair that no interval lets stand where none was left: its short window grows past the long one. */
const NO_PAIR: Section = { long: "2m", short: "1m", factor: 1 };

const exportPairs = (slo: SloDefinition, intervals: Intervals): readonly Section[] | undefined => {
  const { sli, combine, window, objective, burnRateAlerts } = slo;
  const own = slo.probes.flatMap((id) => intervals.get(id) ?? []);
  const intervalMs = eventInterval({ sli, ...(combine === undefined ? {} : { combine }) }, own);
  const standard = defaultPolicy(window.durationMs, { intervalMs, objective: objectiveOfPercent(objective) });
  const written = JSON.stringify(burnRateAlerts.map(exportPair));
  if (written === JSON.stringify(standard.map(exportPair))) return undefined;
  return burnRateAlerts.length === 0 ? [NO_PAIR] : burnRateAlerts.map(exportPair);
};

const exportCombination = ({ combine }: SloDefinition): Section => {
  if (combine === undefined) return {};
  return combine.kind === "weighted" ? { combine: combine.kind, weights: combine.weights } : { combine: combine.kind };
};

const exportDocument = (document: SloDocument): Section =>
  said({
    owner: known(document.owner),
    reviewers: unless(document.reviewers, []),
    approver: known(document.approver),
    review_date: known(document.reviewDate),
    rationale: known(document.rationale),
    runbook: known(document.runbook),
  });

const exportRule = (rule: BudgetRule): Section =>
  said({
    remaining_below: new Decimal(rule.remainingBelow),
    action: rule.action,
    owner: known(rule.owner),
    escalation: known(rule.escalation),
    note: known(rule.note),
    from: known(rule.from),
    until: known(rule.until),
  });

/** An SLO in the words of the file, so that reading it gives the same definition again. Defaults are left out. */
export const exportSlo = (slo: SloDefinition, intervals: Intervals, context: ExportContext): Section =>
  said({
    id: slo.id,
    ...exportSli(slo, context),
    probes: unless(slo.probes, []),
    locations: slo.locations,
    count: slo.count,
    ...exportCombination(slo),
    objective: new Decimal(slo.objective),
    window: exportWindow(slo.window),
    burn_rate_alerts: exportPairs(slo, intervals),
    core: slo.core,
    exclusions: slo.exclusions,
    document: slo.document === undefined ? undefined : exportDocument(slo.document),
    budget_policy: slo.budgetPolicy?.map(exportRule),
  });

const DEFAULT_WINDOW = formatDuration(durationMs(5 * MINUTE_MS));
const DEFAULT_BASELINE_MS = 7 * DAY_MS;

/** A threshold alert in the words of the file. Its probes are always named, so that another probe changes nothing. */
export const exportThreshold = (alert: ThresholdAlert, context: ExportContext): Section => {
  const { source, metric, value } = alert;
  return said({
    id: alert.id,
    metric,
    op: alert.op,
    value: isTimeMetric(metric) ? formatDuration(durationMs(Number(value))) : new Decimal(value),
    window: unless(formatDuration(alert.windowMs), DEFAULT_WINDOW),
    for: alert.forMs === 0 ? undefined : formatDuration(alert.forMs),
    severity: alert.severity,
    notify: known(alert.notify),
    probes: source === null ? alert.probes : undefined,
    source: source === null ? undefined : exportSource(source.server, [alert.id], context),
    query: source?.query,
    baseline: alert.baselineMs === DEFAULT_BASELINE_MS ? undefined : formatDuration(alert.baselineMs),
  });
};
