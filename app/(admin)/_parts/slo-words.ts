import type { SloDefinition } from "#lib/core/definitions.ts";
import { eventSliOf } from "#lib/core/slo/definition.ts";
import { factorNumber } from "../../_view/burn-windows.ts";
import type { Format } from "../../_view/format.ts";
import { digitsFor } from "../../_view/slo-line.ts";

/** "99.9 % of checks succeed, over 28 days". */
export const promise = ({ sli, objective, window }: SloDefinition, format: Format): string => {
  const event = eventSliOf(sli);
  const what =
    event.kind === "availability"
      ? "of checks succeed"
      : `of answers come within ${format.response(event.thresholdMs)}`;
  const span = window.kind === "calendar" ? `each ${window.period}` : `over ${format.span(window.durationMs)}`;
  return `${format.percentText(objective)} ${what}, ${span}`;
};

/** "1 h and 5 min" from `page_1h_5m`; an id of another form stays as it is. */
export const pairWords = (pairId: string): string => {
  const match = /^(?:page|ticket)_(\d+)([smhd])_(\d+)([smhd])$/.exec(pairId);
  if (match === null) return pairId;
  const unit: Record<string, string> = { s: "s", m: "min", h: "h", d: "d" };
  return `${match[1]} ${unit[match[2] ?? ""]} and ${match[3]} ${unit[match[4] ?? ""]}`;
};

/** "5 min", "6 h", "3 d": the largest unit that divides. */
export const minutesWords = (minutes: number): string => {
  if (minutes % 1_440 === 0) return `${minutes / 1_440} d`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
};

export const severityWord = { page: "Page", ticket: "Ticket" } as const;

export const attainedText = (good: number, total: number, objective: string, format: Format): string =>
  total === 0 ? "–" : format.percentOf(good, total, digitsFor(objective));

/** Signed, to one place: budgets are read to a tenth of a percent. */
export const budgetText = (remaining: number | null, format: Format): string =>
  remaining === null ? "–" : format.percent(remaining, 1).replace("-", "−");

/** A limit as it is configured; an exact fraction ("14/15") as a number of three figures. */
export const limitText = (factor: string, format: Format): string =>
  factor.includes("/") ? `${format.rate(factorNumber(factor))}x` : `${factor}x`;

export const rateText = (rate: number | null, format: Format): string =>
  rate === null ? "–" : `${format.rate(rate)}x`;

/** "rolling 28 days", or "calendar month". */
export const windowWords = ({ window }: SloDefinition, format: Format, letter?: "capital"): string => {
  const words = window.kind === "calendar" ? `calendar ${window.period}` : `rolling ${format.span(window.durationMs)}`;
  return letter === "capital" ? words.charAt(0).toUpperCase() + words.slice(1) : words;
};
