/** Two queries that count events: good ones and all. */
export type CountQueries = { readonly good: string; readonly total: string };

/** The queries over a range such as `1m` that ends at the time of the query. */
export type CountsOver = (range: string) => CountQueries;

const WINDOW = /\{\{-?\s*\.window\s*-?\}\}/g;
const SELECTOR = String.raw`(?:[a-zA-Z_:][\w:]*(?:\{[^}]*\})?|\{[^}]*\})`;
const PLAIN = new RegExp(String.raw`^(${SELECTOR})(\s+offset\s+\w+)?$`);
const SUMMED = new RegExp(String.raw`^sum\s*\(\s*(${SELECTOR})(\s+offset\s+\w+)?\s*\)$`);
/** Shares are stored as whole numbers out of this many. */
const SHARE_PARTS = 10_000;

/** The first template expression that is left after `{{.window}}` was filled in; null when there is none. */
export const unknownTemplate = (query: string): string | null =>
  /\{\{[^}]*\}\}/.exec(query.replace(WINDOW, ""))?.[0] ?? null;

/** Fills `{{.window}}` in. */
const withWindow = (query: string, range: string): string => query.replace(WINDOW, range).trim();

/** Replaces the length of every range and subquery outside of quotes. */
const withRanges = (query: string, range: string): string => {
  let [text, quote, index] = ["", "", 0];
  while (index < query.length) {
    const char = query[index] as string;
    if (quote !== "") {
      text += char;
      if (char === "\\") text += query[++index] ?? "";
      else if (char === quote) quote = "";
    } else if (char === "[") {
      const end = query.indexOf("]", index);
      const inside = query.slice(index + 1, end === -1 ? undefined : end);
      const step = inside.includes(":") ? inside.slice(inside.indexOf(":")) : "";
      text += `[${range}${step}]`;
      index = end === -1 ? query.length : end;
    } else {
      if (char === '"' || char === "'" || char === "`") quote = char;
      text += char;
    }
    index += 1;
  }
  return text;
};

const hasRange = (query: string): boolean => withRanges(query, "\0").includes("[\0");

/** Whether turning the query into a count needs more than filling `{{.window}}` in. */
export const isRewritten = (query: string): boolean => /\b(?:rate|irate)\s*\(/.test(query) || !hasRange(query);

/**
 * A query that gives a number of events over a range: `rate` becomes `increase`, which is the same times the seconds of the
 * range; a bare counter gets its `increase`; anything else that has no range is sampled as it is.
 */
export const countOver = (written: string, isCounter: boolean, range: string): string => {
  const query = withWindow(written, range).replace(/\b(?:rate|irate)(?=\s*\()/g, "increase");
  if (hasRange(query)) return withRanges(query, range);
  const [, selector, offset = ""] = SUMMED.exec(query) ?? PLAIN.exec(query) ?? [];
  if (!isCounter) {
    const summed = SUMMED.test(query) || selector === undefined ? query : `sum(${query})`;
    return range === "1m" ? summed : `sum_over_time((${summed})[${range}:1m])`;
  }
  if (selector === undefined) return `increase((${query})[${range}:15s])`;
  return `sum(increase(${selector}[${range}]${offset}))`;
};

/** All events without the bad ones; a query for bad events that finds no series found none. */
export const withoutBad = (total: string, bad: string): string => `(${total}) - ((${bad}) or 0 * (${total}))`;

const OPERATORS: Readonly<Record<string, string>> = { lt: "<", lte: "<=", gt: ">", gte: ">=" };

/** Each sample is one event, good when it stands in the relation to `value`. Null for an operator that is none. */
export const thresholdCounts = (query: string, op: string, value: string): CountsOver | null => {
  const operator = OPERATORS[op];
  if (operator === undefined) return null;
  return (range) => {
    const measured = withWindow(query, range);
    const [good, total] = [`sum((${measured}) ${operator} bool ${value})`, `count(${measured})`];
    if (range === "1m") return { good, total };
    return { good: `sum_over_time((${good})[${range}:1m])`, total: `sum_over_time((${total})[${range}:1m])` };
  };
};

/** A ratio that was worked out elsewhere: each minute weighs the same, whatever its traffic was. */
export const rawCounts =
  (query: string, kind: "success" | "failure"): CountsOver =>
  (range) => {
    const ratio = withWindow(query, range);
    const good = kind === "success" ? `(${ratio})` : `(1 - (${ratio}))`;
    return { good: `${SHARE_PARTS} * ${good}`, total: `${SHARE_PARTS} + 0 * (${ratio})` };
  };

const aligned = (minutes: number): string =>
  minutes === 1 ? "" : ` * scalar((hour() * 60 + minute()) % ${minutes} == bool 0)`;

/** Each slice of so many minutes is one event, good when its share of good events reaches the target. */
export const sliceCounts = (counts: CountsOver, minutes: number, target: string): CountQueries => {
  const { good, total } = counts(`${minutes}m`);
  return {
    good: `((${good}) / (${total}) >= bool ${target})${aligned(minutes)}`,
    total: `((${total}) > bool 0)${aligned(minutes)}`,
  };
};

/** Each slice weighs the same and counts with its share of good events. */
export const ratioSliceCounts = (counts: CountsOver, minutes: number): CountQueries => {
  const { good, total } = counts(`${minutes}m`);
  return {
    good: `${SHARE_PARTS} * (${good}) / (${total})${aligned(minutes)}`,
    total: `${SHARE_PARTS} * ((${total}) > bool 0)${aligned(minutes)}`,
  };
};
