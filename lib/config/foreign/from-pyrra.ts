import { formatDuration, parseDuration } from "#lib/core/duration.ts";
import { DAY_MS, durationMs, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";
import { readEachDocument } from "./each-document.ts";
import type { Cursor, Fidelity } from "./fidelity.ts";
import { isRecord } from "./fidelity.ts";
import type { ImportedSlo, PairFile } from "./imported.ts";
import { canPairFire, idAt, objectiveAt } from "./imported.ts";
import type { CountQueries } from "./promql-text.ts";
import type { SourceOption } from "./sources.ts";
import { sourceFor } from "./sources.ts";

const VERSION = "pyrra.dev/v1alpha1";
/** Pyrra's pairs for 28 days; windows scale with the SLO's window, factors stay (contracts.md 10). */
const POLICY = [
  { longMs: HOUR_MS, shortMs: 5 * MINUTE_MS, factor: 14, severity: "page" },
  { longMs: 6 * HOUR_MS, shortMs: 30 * MINUTE_MS, factor: 7, severity: "page" },
  { longMs: DAY_MS, shortMs: 2 * HOUR_MS, factor: 2, severity: "ticket" },
  { longMs: 4 * DAY_MS, shortMs: 6 * HOUR_MS, factor: 1, severity: "ticket" },
] as const;
const SELECTOR = /^((?:[a-zA-Z_:][\w:]*)?(?:\{[^}]*\})?)\s*(offset\s+\w+)?$/;

/** `function(metric{…}[1m] offset 5m)` from `metric{…} offset 5m`. */
const overMinute = (metric: Cursor, name: string): string => {
  const text = metric.text()?.trim() ?? "";
  const [, selector = "", offset = ""] = SELECTOR.exec(text) ?? [];
  if (selector === "")
    return metric.refuse(`a selector such as requests_total{code="500"} is due, got ${text || "nothing"}`);
  return `${name}(${selector}[1m]${offset === "" ? "" : ` ${offset}`})`;
};

const noteGrouping = (indicator: Cursor): void => {
  const grouping = indicator.at("grouping");
  if (grouping.items().length > 0)
    grouping.drop("all groups count together; make an SLO for each that has its own promise");
};

const readRatio = (ratio: Cursor): CountQueries => {
  const [errors, total] = [ratio.at("errors").at("metric"), ratio.at("total").at("metric")];
  const [bad, all] = [`sum(${overMinute(errors, "increase")})`, `sum(${overMinute(total, "increase")})`];
  errors.keep("good: total without these");
  total.keep("total");
  noteGrouping(ratio);
  return { good: `(${all}) - ((${bad}) or 0 * (${all}))`, total: all };
};

const readLatency = (latency: Cursor): CountQueries => {
  const [success, total] = [latency.at("success").at("metric"), latency.at("total").at("metric")];
  const queries = { good: `sum(${overMinute(success, "increase")})`, total: `sum(${overMinute(total, "increase")})` };
  success.keep("good");
  total.keep("total");
  noteGrouping(latency);
  return queries;
};

const readNative = (native: Cursor): CountQueries => {
  const [metric, limit] = [native.at("total").at("metric"), native.at("latency")];
  const limitMs = parseDuration(limit.text() ?? "");
  if (limitMs === null) return limit.refuse("a duration such as 200ms is required");
  const histogram = `sum(${overMinute(metric, "increase")})`;
  metric.keep("good and total: a native histogram");
  limit.keep("part of the query for good events");
  noteGrouping(native);
  const total = `histogram_count(${histogram})`;
  return { good: `histogram_fraction(0, ${limitMs / 1_000}, ${histogram}) * ${total}`, total };
};

const readGauge = (gauge: Cursor): CountQueries => {
  const metric = gauge.at("metric");
  const queries = {
    good: `sum(${overMinute(metric, "sum_over_time")})`,
    total: `sum(${overMinute(metric, "count_over_time")})`,
  };
  metric.keep("good and total: every scrape is one event");
  noteGrouping(gauge);
  return queries;
};

const readIndicator = (indicator: Cursor): CountQueries => {
  const kinds = [
    ["ratio", readRatio],
    ["latency", readLatency],
    ["latencyNative", readNative],
    ["bool_gauge", readGauge],
    ["boolGauge", readGauge],
  ] as const;
  const found = kinds.find(([name]) => indicator.at(name).exists());
  if (found === undefined) return indicator.refuse("ratio, latency, latencyNative or bool_gauge is required");
  return found[1](indicator.at(found[0]));
};

const readWindow = (field: Cursor): number => {
  const windowMs = parseDuration(field.text() ?? "");
  if (windowMs === null || windowMs < DAY_MS || windowMs > 366 * DAY_MS)
    return field.refuse("a duration from 1d to 366d is required, such as 4w");
  field.keep(`rolling window ${formatDuration(windowMs)}`);
  return windowMs;
};

const scaled = (ms: number, windowMs: number): number =>
  Math.max(1, Math.round((ms * windowMs) / (28 * DAY_MS) / MINUTE_MS)) * MINUTE_MS;

const readAlerts = (alerting: Cursor, window: Cursor, windowMs: number, objective: number): PairFile[] => {
  if (alerting.at("burnRateType").text() === "dynamic")
    alerting.at("burnRateType").drop("factors here do not follow the traffic");
  if (alerting.at("disabled").value === true)
    alerting.at("disabled").drop("an SLO has alerts here; leave notifications out to hear of none");
  const pairs = POLICY.map(({ longMs, shortMs, factor, severity }) => ({
    long: formatDuration(durationMs(scaled(longMs, windowMs))),
    short: formatDuration(durationMs(scaled(shortMs, windowMs))),
    factor,
    severity,
  }));
  const usable = pairs.filter((pair) => canPairFire(pair.factor, objective) && pair.long !== pair.short);
  if (usable.length < pairs.length) window.change("Pyrra's alerts without those that can never fire at this objective");
  return usable;
};

const readDocument = (root: Cursor, options: SourceOption): ImportedSlo => {
  const [version, kind] = [root.at("apiVersion"), root.at("kind")];
  if (version.text() !== VERSION) return version.refuse(`${VERSION} is due, got ${version.text() ?? "nothing"}`);
  if (kind.text() !== "ServiceLevelObjective") return kind.refuse("ServiceLevelObjective is due");
  for (const field of [version, kind]) field.keep("form of the document");
  const [metadata, spec] = [root.at("metadata"), root.at("spec")];
  const id = idAt(metadata.at("name"), "SLO");
  const namespace = metadata.at("namespace");
  const service = namespace.exists() ? idAt(namespace, "service") : id;
  const objective = objectiveAt(spec.at("target"), "percent");
  const windowMs = readWindow(spec.at("window"));
  const queries = readIndicator(spec.at("indicator"));
  const alerts = readAlerts(spec.at("alerting"), spec.at("window"), windowMs, objective);
  const description = spec.at("description");
  const rationale = description.text()?.trim() ?? "";
  if (rationale !== "") description.keep("rationale of the SLO");
  return {
    service: { id: service, name: namespace.text() ?? id, description: null },
    slo: {
      id,
      sli: "promql",
      source: sourceFor(options, null, null, spec.at("indicator")),
      ...queries,
      objective,
      window: formatDuration(durationMs(windowMs)),
      ...(alerts.length === 0 ? {} : { burn_rate_alerts: alerts }),
      ...(rationale === "" ? {} : { document: { rationale } }),
    },
  };
};

const objectOf = (document: unknown): string => {
  const metadata = isRecord(document) && isRecord(document.metadata) ? document.metadata : {};
  return `ServiceLevelObjective/${typeof metadata.name === "string" ? metadata.name : "(without name)"}`;
};

/** Takes Pyrra's resources over, with Pyrra's own burn-rate alerts scaled to the window. */
export const fromPyrra = (parsed: readonly unknown[], options: SourceOption, fidelity: Fidelity): ImportedSlo[] =>
  readEachDocument(parsed, fidelity, { nameOf: objectOf, read: (root) => [readDocument(root, options)] });
