import { parseDuration } from "#lib/core/duration.ts";
import { MINUTE_MS } from "#lib/core/units.ts";
import type { Cursor } from "./fidelity.ts";
import type { Documents } from "./openslo-documents.ts";
import type { CountQueries, CountsOver } from "./promql-text.ts";
import {
  countOver,
  isRewritten,
  ratioSliceCounts,
  rawCounts,
  sliceCounts,
  thresholdCounts,
  unknownTemplate,
  withoutBad,
} from "./promql-text.ts";
import type { SourceFile, SourceOption } from "./sources.ts";
import { sourceFor } from "./sources.ts";

type Metric = { readonly query: string; readonly source: SourceFile };

const SOURCE_TYPES = new Set(["prometheus", "victoriametrics", "thanos", "mimir", "cortex", "amp", "gmp", "promql"]);

const readQuery = (spec: Cursor): string => {
  const field = spec.at("query");
  const query = field.text();
  if (query === null || query.trim() === "") return field.refuse("a PromQL query is required");
  const template = unknownTemplate(query);
  return template === null ? query.trim() : field.refuse(`the template ${template} is not known`);
};

const readMetric = (metric: Cursor, documents: Documents, options: SourceOption): Metric => {
  const source = metric.at("metricSource");
  if (!source.exists()) return source.refuse("is required");
  const ref = source.at("metricSourceRef");
  const name = ref.text();
  const document = name === null ? null : documents.find("DataSource", name);
  const own = source.at("type");
  const type = own.exists() ? own : (document?.at("spec").at("type") ?? own);
  const written = type.text();
  if (written !== null && !SOURCE_TYPES.has(written.toLowerCase())) {
    return own.exists()
      ? own.refuse(`only Prometheus-compatible sources can be read, got "${written}"`)
      : ref.refuse(`names a source of the type "${written}"; only Prometheus-compatible ones can be read`);
  }
  if (written === null) own.change("taken for Prometheus");
  else type.keep("promql source");
  if (name !== null && document === null)
    ref.change("no such DataSource in the files; the address of --source stands in");
  const query = readQuery(source.at("spec"));
  return { query, source: sourceFor(options, name, document, ref.exists() ? ref : source) };
};

const noteQuery = (metric: Cursor, query: string, becomes: string): void => {
  const field = metric.at("metricSource").at("spec").at("query");
  if (isRewritten(query)) field.change(`${becomes}: rewritten to count the events of one minute`);
  else field.keep(becomes);
};

const sameSource = (a: Metric, b: Metric, field: Cursor): SourceFile =>
  a.source.url === b.source.url ? a.source : field.refuse("both queries must have the same source");

export type IndicatorContext = {
  readonly documents: Documents;
  readonly options: SourceOption;
  /** The queries come from Nines and count the events of a minute as they are. */
  readonly isOurs: boolean;
};

type Counted = { readonly counts: CountsOver; readonly source: SourceFile };

const readRatio = (ratio: Cursor, { documents, options, isOurs }: IndicatorContext): Counted => {
  const [good, bad, total, raw] = ["good", "bad", "total", "raw"].map((key) => ratio.at(key)) as [
    Cursor,
    Cursor,
    Cursor,
    Cursor,
  ];
  if (raw.exists()) {
    const kind = ratio.at("rawType").text();
    if (kind !== "success" && kind !== "failure") return ratio.at("rawType").refuse("success or failure is due");
    ratio.at("rawType").keep(kind);
    const { query, source } = readMetric(raw, documents, options);
    raw
      .at("metricSource")
      .at("spec")
      .at("query")
      .change("good and total: every minute weighs the same, since traffic is not known");
    return { counts: rawCounts(query, kind), source };
  }
  if (!total.exists()) return total.refuse("is required beside good or bad");
  if (good.exists() && bad.exists()) return bad.refuse("either good or bad is due, not both");
  if (!good.exists() && !bad.exists()) return good.refuse("good or bad is required beside total");
  const counter = ratio.at("counter");
  const isCounter = counter.value !== false;
  if (counter.exists()) counter.keep(isCounter ? "counters: increase() is taken" : "gauges: sampled once a minute");
  const part = good.exists() ? good : bad;
  const [first, all] = [readMetric(part, documents, options), readMetric(total, documents, options)];
  if (isOurs && good.exists()) {
    for (const metric of [part, total]) metric.at("metricSource").at("spec").at("query").keep("as it is");
    const source = sameSource(first, all, part.at("metricSource"));
    return { counts: () => ({ good: first.query, total: all.query }), source };
  }
  noteQuery(part, first.query, good.exists() ? "good" : "good: total without these");
  noteQuery(total, all.query, "total");
  const counts: CountsOver = (range) => {
    const [some, every] = [countOver(first.query, isCounter, range), countOver(all.query, isCounter, range)];
    return { good: good.exists() ? some : withoutBad(every, some), total: every };
  };
  return { counts, source: sameSource(first, all, part.at("metricSource")) };
};

const readThreshold = (metric: Cursor, objective: Cursor, documents: Documents, options: SourceOption): Counted => {
  const { query, source } = readMetric(metric, documents, options);
  const [op, value] = [objective.at("op"), objective.at("value")];
  const limit = value.text();
  if (limit === null || !/^-?\d+(\.\d+)?$/.test(limit))
    return value.refuse("a number is required for a thresholdMetric");
  const counts = thresholdCounts(query, op.text() ?? "", limit);
  if (counts === null) return op.refuse("lt, lte, gt or gte is required for a thresholdMetric");
  op.keep("part of the query for good events");
  value.keep("part of the query for good events");
  metric.at("metricSource").at("spec").at("query").change("good and total: every sample is one event");
  return { counts, source };
};

const sliceMinutesAt = (field: Cursor): number => {
  const text = field.text();
  if (text === null) return field.refuse("is required for this budgetingMethod");
  const minutes = /^\d+$/.test(text) ? Number(text) : (parseDuration(text) ?? 0) / MINUTE_MS;
  if (!Number.isInteger(minutes) || minutes < 1 || 1_440 % minutes !== 0)
    return field.refuse(`must go into a day in whole minutes, such as 1m, 5m or 1h, got ${text}`);
  field.keep(`slices of ${minutes} min`);
  return minutes;
};

/** The queries of an SLO for one objective, after its budgeting method. */
export const readIndicator = (
  indicator: Cursor,
  objective: Cursor,
  method: Cursor,
  context: IndicatorContext,
): CountQueries & { readonly source: SourceFile } => {
  const { documents, options } = context;
  const [ratio, threshold] = [indicator.at("ratioMetric"), indicator.at("thresholdMetric")];
  if (ratio.exists() && threshold.exists())
    return threshold.refuse("either ratioMetric or thresholdMetric is due, not both");
  if (!ratio.exists() && !threshold.exists()) return indicator.refuse("ratioMetric or thresholdMetric is required");
  const { counts, source } = ratio.exists()
    ? readRatio(ratio, context)
    : readThreshold(threshold, objective, documents, options);
  const name = method.text() ?? "Occurrences";
  switch (name) {
    case "Occurrences":
      if (method.exists()) method.keep("events are counted");
      return { ...counts("1m"), source };
    case "Timeslices": {
      const target = objective.at("timeSliceTarget");
      const share = target.text();
      if (share === null || !(Number(share) > 0 && Number(share) <= 1))
        return target.refuse("a share over 0 and up to 1 is required");
      const queries = sliceCounts(counts, sliceMinutesAt(objective.at("timeSliceWindow")), share);
      target.keep("part of the query for good slices");
      method.keep("queries that count slices");
      return { ...queries, source };
    }
    case "RatioTimeslices": {
      const queries = ratioSliceCounts(counts, sliceMinutesAt(objective.at("timeSliceWindow")));
      method.keep("queries in which every slice weighs the same");
      return { ...queries, source };
    }
    default:
      return method.refuse(`Occurrences, Timeslices or RatioTimeslices is due, got "${name}"`);
  }
};
