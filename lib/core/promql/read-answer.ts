import type { EpochMinute } from "../units.ts";

/** The value of a query at the end of each minute; a minute without an entry has no sample. */
export type MinuteValues = ReadonlyMap<EpochMinute, number>;

export type RangeAnswer =
  | { readonly kind: "values"; readonly values: MinuteValues }
  /** `reason` is for people and names no query. */
  | { readonly kind: "fault"; readonly reason: string };

const LONGEST_REASON = 300;

const fault = (reason: string): RangeAnswer => ({ kind: "fault", reason: reason.slice(0, LONGEST_REASON) });

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `[seconds, "value"]`; NaN and infinities are no count, so they are no sample. */
const readPoint = (point: unknown): readonly [minute: EpochMinute, value: number | null] | null => {
  if (!Array.isArray(point) || point.length !== 2) return null;
  const [at, text] = point as [unknown, unknown];
  if (typeof at !== "number" || typeof text !== "string") return null;
  const value = Number(text === "+Inf" ? "Infinity" : text.replace("-Inf", "-Infinity"));
  if (Number.isNaN(value) && text !== "NaN") return null;
  // A sample at the end of a minute counts the events of that minute.
  return [(Math.round(at / 60) - 1) as EpochMinute, Number.isFinite(value) ? value : null];
};

const readSeries = (series: unknown): RangeAnswer => {
  if (!isRecord(series) || !Array.isArray(series.values)) return fault("a series without values");
  const values = new Map<EpochMinute, number>();
  for (const point of series.values as unknown[]) {
    const read = readPoint(point);
    if (read === null) return fault("a sample that is none");
    if (read[1] !== null) values.set(read[0], read[1]);
  }
  return { kind: "values", values };
};

/** What a Prometheus-compatible server says in an error answer, or null when the document is none. */
export const errorOfAnswer = (document: unknown): string | null => {
  if (!isRecord(document) || document.status !== "error") return null;
  const { errorType, error } = document;
  const text = [errorType, error].filter((each) => typeof each === "string" && each !== "").join(": ");
  return `the server answers with an error: ${text === "" ? "no reason given" : text}`.slice(0, LONGEST_REASON);
};

/**
 * Reads the answer of `/api/v1/query_range` with a step of a minute. One series or none is due: several would have to be
 * added up, and only the writer of the query knows whether that makes sense.
 */
export const readRangeAnswer = (document: unknown): RangeAnswer => {
  const error = errorOfAnswer(document);
  if (error !== null) return fault(error);
  if (!isRecord(document) || document.status !== "success" || !isRecord(document.data))
    return fault("not an answer of a Prometheus-compatible server");
  const { resultType, result } = document.data;
  if (resultType !== "matrix" || !Array.isArray(result))
    return fault(`a matrix is due, got ${typeof resultType === "string" ? resultType.slice(0, 40) : "something else"}`);
  if (result.length > 1) return fault(`one series is due, got ${result.length}: add them up with sum()`);
  return result.length === 0 ? { kind: "values", values: new Map() } : readSeries(result[0]);
};
