import type { Quorum } from "#lib/core/backtest/quorum.ts";
import type { BurnRatePair, SloWindow } from "#lib/core/definitions.ts";
import { formatDuration } from "#lib/core/duration.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Backtest } from "#lib/read/backtest.ts";

/** What is not in the answer itself: the quorum, and from where on raw runs could be counted under it (null: as stored). */
export type BacktestNote = { readonly quorum: Quorum; readonly countedFrom: EpochMs | null };

const text = (at: EpochMs): string => new Date(at).toISOString().replace(".000Z", "Z");
const orNull = (at: EpochMs | null): string | null => (at === null ? null : text(at));
const windowText = (window: SloWindow): string =>
  window.kind === "rolling" ? formatDuration(window.durationMs) : `${window.period} (${window.timeZone})`;
const pairJson = (pair: BurnRatePair): object => ({
  pair: pair.id,
  severity: pair.severity,
  long: formatDuration(pair.longMs),
  short: formatDuration(pair.shortMs),
  factor: pair.factor,
  minBadLong: pair.minBadLong,
  minBadShort: pair.minBadShort,
});

/** The answer as published JSON: instants as ISO 8601, durations as text. */
export const backtestJson = (answer: Backtest, note: BacktestNote): object => ({
  slo: answer.sloId,
  from: text(answer.from),
  until: text(answer.until),
  dataFrom: orNull(answer.oldest),
  objective: answer.objective,
  window: windowText(answer.window),
  quorum: note.quorum,
  pairs: answer.pairs.map(pairJson),
  alerts: answer.alerts.map((alert) => ({
    pair: alert.pairId,
    severity: alert.severity,
    firedAt: text(alert.firedAt),
    resolvedAt: orNull(alert.resolvedAt),
    reason: alert.reason,
  })),
  happened: answer.past.map((alert) => ({
    id: alert.id,
    pair: alert.pairId,
    severity: alert.severity,
    firedAt: text(alert.firedAt),
    resolvedAt: orNull(alert.resolvedAt),
    reason: alert.reason,
  })),
  comparison: answer.comparison,
  budget: {
    bad: answer.budget.bad,
    total: answer.budget.total,
    consumedRatio: answer.budget.consumed,
    remainingRatio: answer.budget.remaining,
    lowest:
      answer.budget.lowest === null
        ? null
        : { at: text(answer.budget.lowest.at), remainingRatio: answer.budget.lowest.remaining },
    exhaustedAt: orNull(answer.budget.exhaustedAt),
  },
});

const percent = (share: number | null): string => (share === null ? "no data" : `${(share * 100).toFixed(2)} %`);
const spell = (pair: string, firedAt: EpochMs, resolvedAt: EpochMs | null): string =>
  `  ${pair.padEnd(16)} ${text(firedAt)}  ${resolvedAt === null ? "still firing" : `until ${text(resolvedAt)}`}\n`;

const PLURAL = { page: "pages", ticket: "tickets" } as const;

/** The answer for people. */
export const backtestText = (answer: Backtest, note: BacktestNote): string => {
  const { alerts, past, budget, comparison } = answer;
  const pairs = answer.pairs.map((pair) => `${pair.id} x${pair.factor} (${pair.minBadLong}/${pair.minBadShort} bad)`);
  const begin =
    answer.oldest !== null && answer.oldest > answer.from ? `  minutes are there from ${text(answer.oldest)} on\n` : "";
  const raw =
    note.countedFrom === null ? "" : `  counted from raw runs, which are there from ${text(note.countedFrom)} on\n`;
  const list = (title: string, lines: string[]): string =>
    `${title}:${lines.length === 0 ? " none\n" : `\n${lines.join("")}`}`;
  return [
    `${answer.sloId}, ${text(answer.from)} to ${text(answer.until)}\n`,
    `  objective ${answer.objective} %, window ${windowText(answer.window)}, quorum ${note.quorum}\n  ${pairs.join(", ")}\n${begin}${raw}`,
    list(
      "would have fired",
      alerts.map((alert) => spell(alert.pairId, alert.firedAt, alert.resolvedAt)),
    ),
    list(
      "did fire",
      past.map((alert) => spell(alert.pairId, alert.firedAt, alert.resolvedAt)),
    ),
    ...comparison.map(
      ({ severity, would, did, onlyWould, onlyDid }) =>
        `${PLURAL[severity]}: ${would} instead of ${did}; ${onlyWould} would be new, ${onlyDid} would not have come\n`,
    ),
    `budget at the end: ${budget.bad} bad of ${budget.total}, ${percent(budget.consumed)} spent`,
    budget.lowest === null ? "\n" : `; least left ${percent(budget.lowest.remaining)} at ${text(budget.lowest.at)}\n`,
    budget.exhaustedAt === null ? "" : `spent for the first time at ${text(budget.exhaustedAt)}\n`,
  ].join("");
};
