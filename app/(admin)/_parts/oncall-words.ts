import type { AlertResource } from "#lib/contracts/alerts.ts";
import { parseDuration } from "#lib/core/duration.ts";
import type { Burning } from "#lib/read/on-call.ts";
import { burnWindows } from "../../_view/burn-windows.ts";
import type { Format } from "../../_view/format.ts";
import { fillText } from "../../_view/format.ts";
import { limitText, rateText } from "./slo-words.ts";
import type { AdminView } from "./view.ts";

type BurnAlert = Extract<AlertResource, { kind: "burn_rate" }>;
type ThresholdAlert = Extract<AlertResource, { kind: "threshold" }>;
type Window = BurnAlert["windows"]["long"];

const MINUTE_MS = 60_000;

/** "1 hour" of "1h"; what is no length of time stays as it is. */
export const spanOf = (duration: string, format: Format): string => {
  const ms = parseDuration(duration);
  return ms === null ? duration : format.span(ms);
};

const failedWord = ({ bad, total, duration }: Window, { words, format }: AdminView): string => {
  const { failed } = words.oncall;
  const text = total === 0 ? failed.none : bad === total ? failed.all : failed.some;
  return fillText(text, {
    bad: format.integer(bad),
    total: format.integer(total),
    window: spanOf(duration, format),
  });
};

const budgetWords = ({ budget, window }: BurnAlert, { words, format }: AdminView): string[] => {
  const { consumedRatio, exhaustedInSeconds } = budget;
  if (consumedRatio === null) return [];
  const consumed = Number(consumedRatio);
  const length = spanOf(window, format);
  if (consumed >= 1)
    return [fillText(words.oncall.budget.spent, { window: length, spent: format.percent(consumed, 0) })];
  const left = fillText(words.oncall.budget.left, { window: length, left: format.percent(1 - consumed, 1) });
  if (exhaustedInSeconds === null || exhaustedInSeconds === 0) return [left];
  return [left, fillText(words.oncall.budget.rest, { span: format.span(exhaustedInSeconds * 1_000) })];
};

const thresholdWord = ({ threshold }: ThresholdAlert, { words, format }: AdminView): string => {
  const { text, unknown, metrics, ops } = words.oncall.threshold;
  const figure = (value: string): string =>
    threshold.unit === "percent" ? format.percentText(value) : format.response(Number(value));
  return fillText(threshold.value === null ? unknown : text, {
    metric: metrics[threshold.metric],
    value: threshold.value === null ? "" : figure(threshold.value),
    window: spanOf(threshold.window, format),
    op: ops[threshold.op],
    limit: figure(threshold.limit),
  });
};

/** Why it fires, from the figures that the alert carries: both windows, then the budget. */
export const whyWords = (alert: AlertResource, view: AdminView): string =>
  [
    ...(alert.kind === "threshold"
      ? [thresholdWord(alert, view)]
      : [
          failedWord(alert.windows.long, view),
          failedWord(alert.windows.short, view),
          ...(alert.state === "firing" ? budgetWords(alert, view) : []),
        ]),
    ...(alert.hasData ? [] : [view.words.oncall.noData]),
  ].join(" ");

/** Which probes fail, and who sees it. */
export const failingWords = ({ probes, locations }: AlertResource, { words, format }: AdminView): string | null => {
  if (probes.length === 0) return null;
  const text = locations.length === 0 ? words.oncall.failing : words.oncall.failingFrom;
  return fillText(text, { probes: format.list(probes), locations: format.list(locations) });
};

export type BurnRow = {
  readonly last: string;
  readonly failed: string;
  readonly burn: string;
  readonly now: string;
  readonly limit: string;
};

/** The figures behind the words: both windows as it fired, and the same windows as the objective burns now. */
export const burnRows = (alert: BurnAlert, burning: Burning | null, view: AdminView): BurnRow[] => {
  const { words, format } = view;
  const reading = burning?.reading ?? null;
  const present = reading === null ? [] : burnWindows(reading);
  return [alert.windows.long, alert.windows.short].map((window) => {
    const minutes = (parseDuration(window.duration) ?? 0) / MINUTE_MS;
    const same = present.find((row) => row.minutes === minutes);
    return {
      last: spanOf(window.duration, format),
      failed: fillText(words.oncall.ofTotal, { bad: format.integer(window.bad), total: format.integer(window.total) }),
      burn: rateText(window.burnRate === null ? null : Number(window.burnRate), view),
      now: rateText(same?.burnRate ?? null, view),
      limit: limitText(window.threshold, view),
    };
  });
};

/** What an alert is about, as people call it. */
export const subjectOf = (alert: AlertResource, { words }: AdminView): string =>
  alert.kind === "threshold" ? words.oncall.threshold.metrics[alert.threshold.metric] : alert.sloId;

/** "1 hour and 5 minutes" of a pair of windows, or the window of a threshold. */
export const windowsOf = (alert: AlertResource, { format }: AdminView): string =>
  alert.kind === "threshold"
    ? spanOf(alert.threshold.window, format)
    : format.list([alert.windows.long, alert.windows.short].map(({ duration }) => spanOf(duration, format)));

/** "Since 14:00, for 7 minutes", or when it was and how it ended. */
export const courseOf = (alert: AlertResource, { words, format, today }: AdminView): string => {
  const { firedAt, resolvedAt, resolveReason } = alert;
  const from = format.when(firedAt, today);
  const span = format.span(Date.parse(resolvedAt ?? today) - Date.parse(firedAt));
  if (resolvedAt === null || resolveReason === null) return fillText(words.oncall.since, { time: from, span });
  return fillText(words.oncall.ended, {
    ...{ from, until: format.when(resolvedAt, today), span },
    reason: words.oncall.reasons[resolveReason],
  });
};
