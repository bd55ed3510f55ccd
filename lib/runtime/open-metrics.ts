import type { MetricObjectWithValues, MetricValue } from "prom-client";

/** OpenMetrics 1.0.0, the subset that counters, gauges and histograms need; exemplars on buckets only. */

type Family = MetricObjectWithValues<MetricValue<string>>;
type Exemplar = {
  readonly labelSet: Readonly<Record<string, string>>;
  readonly value: number;
  /** Seconds since the epoch. */
  readonly timestamp: number;
};
type Sample = MetricValue<string> & { readonly metricName?: string; readonly exemplar?: Exemplar | null };

/** Of all labels of an exemplar together, names and values. */
const MOST_EXEMPLAR_CHARACTERS = 128;

const escaped = (text: string): string => text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n").replace(/"/g, '\\"');

const numberText = (value: number): string => {
  if (Number.isNaN(value)) return "NaN";
  if (Math.abs(value) === Infinity) return value > 0 ? "+Inf" : "-Inf";
  return String(value);
};

/** Bounds of buckets are floats in their canonical form: "1.0", not "1". */
const boundText = (bound: string | number): string => {
  const value = bound === "+Inf" ? Infinity : Number(bound);
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? value.toFixed(1) : numberText(value);
};

const labelsText = (labels: Readonly<Record<string, string | number>>): string => {
  const parts = Object.entries(labels).map(
    ([name, value]) => `${name}="${name === "le" ? boundText(value) : escaped(String(value))}"`,
  );
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
};

const exemplarText = (exemplar: Exemplar | null | undefined): string => {
  if (exemplar === null || exemplar === undefined) return "";
  const length = Object.entries(exemplar.labelSet).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (length === 0 || length > MOST_EXEMPLAR_CHARACTERS) return "";
  const labels = labelsText(exemplar.labelSet);
  return ` # ${labels} ${numberText(exemplar.value)} ${numberText(exemplar.timestamp)}`;
};

const sampleText = (family: Family, name: string, sample: Sample): string => {
  const isCounter = String(family.type) === "counter";
  const sampleName = isCounter ? `${name}_total` : (sample.metricName ?? name);
  const isBucket = sampleName.endsWith("_bucket");
  const labels = labelsText(sample.labels as Readonly<Record<string, string | number>>);
  return `${sampleName}${labels} ${numberText(sample.value)}${isBucket ? exemplarText(sample.exemplar) : ""}`;
};

/** The metrics of several roles as one text; roles stay apart by their label. */
export const openMetricsText = (roles: readonly (readonly Family[])[]): string => {
  const families = new Map<string, Family[]>();
  for (const family of roles.flat()) {
    // What makes no sense beside the same of another process: prom-client leaves it out of its own merged text, too.
    if (family.aggregator === "omit") continue;
    families.set(family.name, [...(families.get(family.name) ?? []), family]);
  }
  const lines: string[] = [];
  for (const [fullName, members] of families) {
    const [first] = members as [Family, ...Family[]];
    const type = String(first.type);
    const name = type === "counter" ? fullName.replace(/_total$/, "") : fullName;
    lines.push(`# TYPE ${name} ${type}`, `# HELP ${name} ${escaped(first.help)}`);
    for (const member of members) for (const sample of member.values) lines.push(sampleText(member, name, sample));
  }
  return `${lines.join("\n")}${lines.length === 0 ? "" : "\n"}# EOF\n`;
};
