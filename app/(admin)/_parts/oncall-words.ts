import type { AlertResource } from "#lib/contracts/alerts.ts";
import { parseDuration } from "#lib/core/duration.ts";
import { burnWindows } from "#lib/core/slo/burn-windows.ts";
import type { Burning } from "#lib/read/on-call.ts";
import type { Format } from "../../_view/format.ts";
import { fillText } from "../../_view/format.ts";
import { limitText, rateText } from "./slo-words.ts";
import type { AdminView } from "./view.ts";

type BurnAlert = Extract<AlertResource, { kind: "burn_rate" }>;

const MINUTE_MS = 60_000;

/** "1 hour" of "1h"; what is no length of time stays as it is. */
export const spanOf = (duration: string, format: Format): string => {
  const ms = parseDuration(duration);
  return ms === null ? duration : format.span(ms);
};

/** Which probes fail, and who sees it. */
export const failingWords = ({ probes, locations }: AlertResource, { words, format }: AdminView): string | null => {
  if (probes.length === 0) return null;
  const text = locations.length === 0 ? words.oncall.failing : words.oncall.failingFrom;
  return fillText(text, { probes: format.list(probes), locations: format.list(locations) });
};

export type BurnRow = {
  readonly last: string;
  /** Which window of the alert. */
  readonly name: "long" | "short";
  readonly bad: string;
  readonly total: string;
  readonly burn: string;
  readonly now: string;
  /** Place of the same window in the newest reading; -1: it has none. */
  readonly at: number;
  readonly limit: string;
};

/** The figures behind the words: both windows as it fired, and the same windows as the objective burns now. */
export const burnRows = (alert: BurnAlert, burning: Burning | null, view: AdminView): BurnRow[] => {
  const { format } = view;
  const reading = burning?.reading ?? null;
  const present = reading === null ? [] : burnWindows(reading);
  return (["long", "short"] as const).map((name) => {
    const window = alert.windows[name];
    const minutes = (parseDuration(window.duration) ?? 0) / MINUTE_MS;
    const at = present.findIndex((row) => row.minutes === minutes);
    return {
      last: spanOf(window.duration, format),
      name,
      at,
      bad: format.integer(window.bad),
      total: format.integer(window.total),
      burn: rateText(window.burnRate === null ? null : Number(window.burnRate), view),
      now: rateText(present[at]?.burnRate ?? null, view),
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
