import type { MetricObjectWithValues, MetricValue, OpenMetricsContentType } from "prom-client";
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { openMetricsText } from "./open-metrics.ts";

/** `nines_` and a base unit: `nines_probe_duration_seconds`, `nines_runs_recorded_total`. */
export type MetricName = `nines_${string}`;

type MetricArgs<Label extends string> = {
  readonly name: MetricName;
  readonly help: string;
  /** Closed sets only: a label never holds an id that outsiders choose. */
  readonly labels?: readonly Label[];
};

/** The metrics of one role as plain data, fit to be sent to the supervisor. */
export type RoleMetrics = readonly MetricObjectWithValues<MetricValue<string>>[];

const REGISTRY = Symbol.for("nines.metrics");

type OurRegistry = Registry<OpenMetricsContentType>;

/**
 * One registry a process. Next bundles a second copy of modules, so it lives on globalThis. Of the kind that takes
 * exemplars; it is never asked for its text (that renames counters), only for its data.
 */
export const metricsRegistry = (): OurRegistry => {
  const holder = globalThis as { [REGISTRY]?: OurRegistry };
  if (holder[REGISTRY] === undefined) {
    holder[REGISTRY] = new Registry<OpenMetricsContentType>();
    holder[REGISTRY].setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  }
  return holder[REGISTRY];
};

const shared = (name: string, labels: readonly string[] | undefined) => ({
  name,
  labelNames: [...(labels ?? [])],
  registers: [metricsRegistry()],
});

/** A counter by its name: made at the first call, found again afterwards. The name ends in `_total`. */
export const counter = <Label extends string = never>({ name, help, labels }: MetricArgs<Label>): Counter<Label> =>
  (metricsRegistry().getSingleMetric(name) as Counter<Label> | undefined) ??
  new Counter<Label>({ ...shared(name, labels), labelNames: [...(labels ?? [])], help });

/** A gauge by its name: made at the first call, found again afterwards. */
export const gauge = <Label extends string = never>({ name, help, labels }: MetricArgs<Label>): Gauge<Label> =>
  (metricsRegistry().getSingleMetric(name) as Gauge<Label> | undefined) ??
  new Gauge<Label>({ ...shared(name, labels), labelNames: [...(labels ?? [])], help });

/** A histogram by its name: made at the first call, found again afterwards. Buckets are upper bounds in the base unit. */
export const histogram = <Label extends string = never>({
  name,
  help,
  labels,
  buckets,
}: MetricArgs<Label> & { readonly buckets: readonly number[] }): Histogram<Label> =>
  (metricsRegistry().getSingleMetric(name) as Histogram<Label> | undefined) ??
  new Histogram<Label>({ ...shared(name, labels), labelNames: [...(labels ?? [])], help, buckets: [...buckets] });

/** As `histogram`; each observation may carry a trace id, which OpenMetrics shows beside the bucket that it fell into. */
export const histogramWithTraces = ({
  name,
  help,
  labels,
  buckets,
}: MetricArgs<string> & { readonly buckets: readonly number[] }) => {
  const found =
    (metricsRegistry().getSingleMetric(name) as Histogram | undefined) ??
    new Histogram({ ...shared(name, labels), help, buckets: [...buckets], enableExemplars: true });
  return {
    observe: (value: number, own: Readonly<Record<string, string>>, traceId: string | null): void =>
      found.observe({ value, labels: { ...own }, exemplarLabels: traceId === null ? {} : { trace_id: traceId } }),
  };
};

/** Names the role of this process on every metric, and adds memory, CPU, handles and event-loop delay when asked. */
export const describeProcess = ({ role, withProcessMetrics }: { role: string; withProcessMetrics: boolean }): void => {
  const registry = metricsRegistry();
  registry.setDefaultLabels({ role });
  if (withProcessMetrics && registry.getSingleMetric("nines_process_cpu_seconds_total") === undefined) {
    collectDefaultMetrics({ register: registry, prefix: "nines_" });
    // Gauges that call themselves totals, which `promtool check metrics` refuses; the same by type stay.
    for (const what of ["handles", "requests", "resources"]) {
      registry.removeSingleMetric(`nines_nodejs_active_${what}_total`);
    }
  }
};

/** The metrics of this process as plain data, to be merged with those of other roles. */
export const collectRoleMetrics = (): Promise<RoleMetrics> => metricsRegistry().getMetricsAsJSON();

/** The text format of Prometheus, or OpenMetrics with exemplars. */
export type MetricsFormat = "text" | "openmetrics";

export const METRICS_TYPES: Readonly<Record<MetricsFormat, string>> = {
  text: Registry.PROMETHEUS_CONTENT_TYPE,
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
};

/** Merges the metrics of several roles into one text. Roles stay apart by their `role` label. */
export const serializeMerged = async (
  roles: readonly RoleMetrics[],
  format: MetricsFormat = "text",
): Promise<{ contentType: string; body: string }> => {
  if (format === "openmetrics") return { contentType: METRICS_TYPES.openmetrics, body: openMetricsText(roles) };
  const merged = AggregatorRegistry.aggregate(roles.map((metrics) => [...metrics]));
  return { contentType: merged.contentType, body: await merged.metrics() };
};
