import type { Database } from "#db/database.ts";
import type { MetricsAsk } from "#db/queries/metrics.ts";
import { readMetricsProbe, readRunHistograms, readStepSums } from "#db/queries/metrics.ts";
import type { Figure, MinuteRed } from "#lib/core/alerting/threshold.ts";
import { queryFigure, redFigure } from "#lib/core/alerting/threshold.ts";
import type { ThresholdAlert } from "#lib/core/definitions.ts";
import { mergeHistograms } from "#lib/core/histogram.ts";
import type { EpochMinute } from "#lib/core/units.ts";
import { addMinutes, addMs, MINUTE_MS, startOfMinute } from "#lib/core/units.ts";
import type { AllowList } from "#lib/egress/allow-list.ts";
import type { CallerDeps, CallerState } from "#lib/egress/call.ts";
import { askSource } from "../promql/promql-source.ts";

/** Sums of minutes are read in one go; a day of `for` beside a day of window is the most. */
const READ_DEADLINE_MS = 10_000;

export type FigureAt = (minute: EpochMinute) => Figure;

/** How many minutes the judgement of `minute` looks back at: the window, and `for` before it. */
const lookBack = ({ windowMs, forMs }: ThresholdAlert): number =>
  Math.ceil(windowMs / MINUTE_MS) + Math.ceil(forMs / MINUTE_MS);

const merged = (a: MinuteRed | undefined, b: MinuteRed): MinuteRed =>
  a === undefined
    ? b
    : {
        expected: a.expected + b.expected,
        good: a.good + b.good,
        bad: a.bad + b.bad,
        status5xx: a.status5xx + b.status5xx,
        durationSumUs: a.durationSumUs + b.durationSumUs,
        histogram: mergeHistograms([a, b].flatMap(({ histogram }) => (histogram === null ? [] : [histogram]))),
      };

/** The figure of an alert over its probes, from the closed minutes up to `minute`. */
export const readRedFigures = (database: Database, alert: ThresholdAlert, minute: EpochMinute): Promise<FigureAt> =>
  database.read(
    async (db) => {
      const until = addMs(startOfMinute(minute), MINUTE_MS);
      const first = addMinutes(minute, -lookBack(alert));
      const minutes = new Map<EpochMinute, MinuteRed>();
      for (const id of alert.probes) {
        const probe = await readMetricsProbe(db, id);
        if (probe === null) continue;
        const from = startOfMinute(first);
        const locationNos = probe.locations.map(({ no }) => no);
        const ask: MetricsAsk = { probeNo: probe.no, locationNos, from, until, origin: from, stepMs: MINUTE_MS };
        const histograms = new Map(
          alert.metric === "p99"
            ? (await readRunHistograms(db, ask)).map(({ step, histogram }) => [step, histogram] as const)
            : [],
        );
        for (const { step, expected, good, bad, byStatus, durationSumUs } of await readStepSums(db, "minute", ask)) {
          const at = addMinutes(first, step);
          const histogram = histograms.get(step) ?? null;
          const one = { expected, good, bad, status5xx: byStatus["5xx"], durationSumUs, histogram };
          minutes.set(at, merged(minutes.get(at), one));
        }
      }
      return (at: EpochMinute) => redFigure(alert, minutes, at);
    },
    { deadlineMs: READ_DEADLINE_MS },
  );

/** The figure of an alert that asks another system; null when that did not answer. */
export const askFigures = async (
  deps: CallerDeps,
  args: { alert: ThresholdAlert; minute: EpochMinute; state: CallerState; allow: AllowList; signal: AbortSignal },
): Promise<FigureAt | null> => {
  const { alert, minute, state, allow, signal } = args;
  if (alert.source === null) return null;
  const { server, query } = alert.source;
  const first = addMinutes(minute, -Math.ceil(alert.forMs / MINUTE_MS));
  const ask = (back: number) =>
    askSource(deps, {
      state,
      source: server,
      query,
      step: { first: addMinutes(first, -back), last: addMinutes(minute, -back) },
      allow,
      signal,
    });
  const now = await ask(0);
  if (now.kind === "failed") return null;
  if (alert.metric !== "traffic_drop") return (at) => queryFigure(alert.metric, now.values.get(at), undefined);
  const back = Math.ceil(alert.baselineMs / MINUTE_MS);
  const before = await ask(back);
  if (before.kind === "failed") return null;
  return (at) => queryFigure(alert.metric, now.values.get(at), before.values.get(addMinutes(at, -back)));
};
