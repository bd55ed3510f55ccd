import type { SnapshotService, SnapshotSlo } from "#lib/contracts/snapshot.ts";
import type { Format } from "./format.ts";
import { fillText } from "./format.ts";

const DAY_MS = 86_400_000;

/** Whether slow answers count against the service too, so that a bad check may be one that was only slow. */
export const promisesSpeed = (service: SnapshotService): boolean => service.slos.some(({ sli }) => sli === "latency");

/** Places after the point that tell an attainment from its objective: one more than the objective has, at least two. */
export const digitsFor = (objective: string): number =>
  Math.min(5, Math.max(2, (objective.split(".")[1]?.length ?? 0) + 1));

/** The budget left in whole percent; between untouched and spent it never reads as either. */
export const budgetLeftText = (slo: SnapshotSlo, format: Format): string | null => {
  if (slo.budgetRemaining === null) return null;
  const whole = Math.round(slo.budgetRemaining * 100);
  if (slo.budgetRemaining < 1 && whole === 100) return format.percent(0.99, 0);
  return format.percent(whole / 100, 0).replace("-", "−");
};

/** What the promise is about: "28 days", or "the calendar month". */
export const windowText = ({ calendar, windowDays }: SnapshotSlo, format: Format): string =>
  calendar === undefined ? format.span(windowDays * DAY_MS) : format.words.slo.calendar[calendar];

/** What the page says about one objective: the figure in bold, and what stands beside it. */
export type SloLine = { readonly figure: string; readonly over: string; readonly beside: string };

/** "99.92 % over 28 days" and "objective 99.9 % · 23 % of budget left". Null figures are said in words. */
export const sloLine = (slo: SnapshotSlo, format: Format): SloLine => {
  const { slo: words } = format.words;
  const window = windowText(slo, format);
  const objective = format.percentText(slo.objective);
  const left = budgetLeftText(slo, format);
  if (slo.attained === null || left === null) {
    return { figure: "", over: fillText(words.noData, { objective, window }), beside: "" };
  }
  const text = slo.thresholdMs === null ? words.attained : words.attainedWithin;
  const over = fillText(text, { window, threshold: slo.thresholdMs === null ? "" : format.response(slo.thresholdMs) });
  const isNearlySpent = slo.budgetRemaining !== null && slo.budgetRemaining > 0 && slo.budgetRemaining < 0.01;
  const beside = slo.isMet === false ? words.missed : isNearlySpent ? words.leftUnderOne : words.left;
  return {
    figure: format.percentOf(slo.good, slo.total, digitsFor(slo.objective)),
    over,
    beside: fillText(beside, { objective, left }),
  };
};

/** The objective shown on the first page: availability before latency. */
export const mainSlo = ({ slos }: SnapshotService): SnapshotSlo | null =>
  slos.find(({ sli }) => sli === "availability") ?? slos[0] ?? null;

/** The one burn line of a service: a page before a ticket, then the fastest. */
export const worstBurn = ({ slos }: SnapshotService): NonNullable<SnapshotSlo["burning"]> | null => {
  const burning = slos.flatMap((slo) => (slo.burning === null ? [] : [slo.burning]));
  const weight = { page: 1, ticket: 0 };
  return burning.sort((a, b) => weight[b.severity] - weight[a.severity] || b.burnRate - a.burnRate)[0] ?? null;
};
