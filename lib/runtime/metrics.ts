import type { MetricObjectWithValues, MetricValue } from "prom-client";
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

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

/** One registry a process. Next bundles a second copy of modules, so it lives on globalThis. */
export const metricsRegistry = (): Registry => {
  const holder = globalThis as { [REGISTRY]?: Registry };
  holder[REGISTRY] ??= new Registry();
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

/** Names the role of this process on every metric, and adds memory, CPU, handles and event-loop delay when asked. */
export const describeProcess = ({ role, withProcessMetrics }: { role: string; withProcessMetrics: boolean }): void => {
  const registry = metricsRegistry();
  registry.setDefaultLabels({ role });
  if (withProcessMetrics && registry.getSingleMetric("nines_process_cpu_seconds_total") === undefined) {
    collectDefaultMetrics({ register: registry, prefix: "nines_" });
  }
};

/** The metrics of this process in the text format of Prometheus. */
export const serializeMetrics = async (): Promise<{ contentType: string; body: string }> => ({
  contentType: metricsRegistry().contentType,
  body: await metricsRegistry().metrics(),
});

/** The metrics of this process as plain data, to be merged with those of other roles. */
export const collectRoleMetrics = (): Promise<RoleMetrics> => metricsRegistry().getMetricsAsJSON();

/** Merges the metrics of several roles into one text. Roles stay apart by their `role` label. */
export const serializeMerged = async (
  roles: readonly RoleMetrics[],
): Promise<{ contentType: string; body: string }> => {
  const merged = AggregatorRegistry.aggregate(roles.map((metrics) => [...metrics]));
  return { contentType: merged.contentType, body: await merged.metrics() };
};
