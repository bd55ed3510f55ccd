import type { SloDefinition, SloWindow } from "#lib/core/definitions.ts";
import { eventSliOf } from "#lib/core/slo/definition.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { MINUTE_MS } from "#lib/core/units.ts";
import type { SloForecast } from "#lib/read/slo/expectations.ts";
import { factorNumber } from "../../_view/burn-windows.ts";
import type { Format } from "../../_view/format.ts";
import { fillText } from "../../_view/format.ts";
import { digitsFor } from "../../_view/slo-line.ts";
import type { AdminWords } from "../_words/index.ts";
import { iso } from "./view.ts";

// Figures of SLOs as texts. Each takes the view's words and format, so that one function writes a figure everywhere.

/** What the texts need of a view. */
export type Wording = { readonly words: Pick<AdminWords, "slos">; readonly format: Format };

const NOTHING = "–";

/** "99.9 % of checks succeed, over 28 days". */
export const promise = ({ sli, objective, window }: SloDefinition, { words, format }: Wording): string => {
  const { promise: texts } = words.slos;
  const event = eventSliOf(sli);
  return fillText(texts[event.kind], {
    objective: format.percentText(objective),
    threshold: event.kind === "latency" ? format.response(event.thresholdMs) : "",
    window:
      window.kind === "calendar"
        ? texts.periods[window.period]
        : fillText(texts.rolling, { span: format.span(window.durationMs) }),
  });
};

type Unit = keyof AdminWords["slos"]["units"];
const UNIT_OF: Readonly<Record<string, Unit>> = { s: "second", m: "minute", h: "hour", d: "day" };

/** "1 h and 5 min" of the id `page_1h_5m`, with its severity before it; an id of another form stays as it is. */
export const pairText = (pairId: string, { words }: Wording): string => {
  const match = /^(page|ticket)_(\d+)([smhd])_(\d+)([smhd])$/.exec(pairId);
  if (match === null) return pairId;
  const [, severity = "", longCount = "", longUnit = "", shortCount = "", shortUnit = ""] = match;
  const length = (n: string, unit: string): string => fillText(words.slos.units[UNIT_OF[unit] ?? "second"], { n });
  return fillText(words.slos.pair, {
    severity: words.slos.severities[severity === "page" ? "page" : "ticket"],
    long: length(longCount, longUnit),
    short: length(shortCount, shortUnit),
  });
};

/** "5 min", "6 h", "3 d": the largest unit that divides. */
export const minutesText = (minutes: number, { words }: Wording): string => {
  const { units } = words.slos;
  if (minutes % 1_440 === 0) return fillText(units.day, { n: String(minutes / 1_440) });
  if (minutes % 60 === 0) return fillText(units.hour, { n: String(minutes / 60) });
  return fillText(units.minute, { n: String(minutes) });
};

export const attainedText = (good: number, total: number, objective: string, format: Format): string =>
  total === 0 ? NOTHING : format.percentOf(good, total, digitsFor(objective));

/** Signed, to one place: budgets are read to a tenth of a percent. */
export const budgetText = (remaining: number | null, format: Format): string =>
  remaining === null ? NOTHING : format.percent(remaining, 1).replace("-", "−");

/** A limit as it is configured; an exact fraction ("14/15") as a number of three figures. */
export const limitText = (factor: string, { words, format }: Wording): string =>
  fillText(words.slos.times, { n: factor.includes("/") ? format.rate(factorNumber(factor)) : factor });

export const rateText = (rate: number | null, { words, format }: Wording): string =>
  rate === null ? NOTHING : fillText(words.slos.times, { n: format.rate(rate) });

/** "in 9 minutes", "spent", or a dash when nothing burns. */
export const exhaustedText = (minutes: number | null, { words, format }: Wording): string => {
  if (minutes === null) return NOTHING;
  return minutes === 0
    ? words.slos.facts.spent
    : fillText(words.slos.facts.in, { span: format.span(minutes * MINUTE_MS) });
};

export const coverageText = (coverage: number | null, format: Format): string =>
  coverage === null ? NOTHING : format.percent(coverage, 1);

/** Events and slices: whole numbers, and parts of slices to one place. */
export const countText = (count: number, format: Format): string =>
  Number.isInteger(count) ? format.integer(count) : format.rate(Math.floor(count * 10) / 10);

/** "Rolling 28 days", or "August 2026, calendar" of the period that an instant lies in. */
export const windowText = (window: SloWindow, at: EpochMs, { words, format }: Wording): string => {
  const { windows } = words.slos;
  if (window.kind === "rolling") return fillText(windows.rolling, { span: format.span(window.durationMs) });
  const key = new Intl.DateTimeFormat("en-CA", { timeZone: window.timeZone, year: "numeric", month: "2-digit" });
  const period = fillText(windows.periods[window.period], { month: format.month(key.format(at).slice(0, 7)) });
  return fillText(windows.calendar, { period });
};

/** One sentence about what becomes of the budget. */
export const forecastText = (
  { exhaustedIn, recoveredIn, budget }: SloForecast,
  kind: SloWindow["kind"],
  evaluatedAt: EpochMs,
  { words, format }: Wording,
): string => {
  const { forecast } = words.slos;
  const { remaining } = budget;
  const filled = (text: string, minutes: number): string => {
    const time = format.when(iso(evaluatedAt + minutes * MINUTE_MS), iso(evaluatedAt));
    return fillText(text, { span: format.span(minutes * MINUTE_MS), time });
  };
  if (remaining === null) return forecast.unknown;
  if (remaining < 0) {
    if (recoveredIn === null) return forecast.lostForNow;
    return filled(kind === "rolling" ? forecast.back : forecast.backInPeriod, recoveredIn);
  }
  if (remaining === 0) return forecast.spentExactly;
  if (exhaustedIn !== null) return filled(forecast.exhausts, exhaustedIn);
  return kind === "rolling" ? forecast.lasts : forecast.lastsPeriod;
};
