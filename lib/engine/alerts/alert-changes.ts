import type { Tx } from "#db/database.ts";
import type { AlertEpisode } from "#db/queries/alerts.ts";
import { insertFiringAlert, readFailing, readFiringReading, resolveAlert } from "#db/queries/alerts.ts";
import { readFiring } from "#db/queries/suppression.ts";
import type { AlertReading } from "#lib/contracts/alerts.ts";
import { decimalText, instantText } from "#lib/contracts/values.ts";
import { formatDuration } from "#lib/core/duration.ts";
import { decideRemoval } from "#lib/core/slo/alert.ts";
import type { WindowReading } from "#lib/core/slo/reading.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { addMs, durationMs, MINUTE_MS, startOfMinute } from "#lib/core/units.ts";
import type { ExplainedTransition, MinuteOutcome, SloTrack } from "../evaluate/slo-track.ts";
import { alertIdOf, recordAlertEvent, staleError } from "./record-alert.ts";
import { eventKey, refreshSuppression, releaseAlerts } from "./suppress-alerts.ts";

/** When the end of a complete minute was reached: the instant that its transitions carry. */
export const endOfMinute = (minute: EpochMinute): EpochMs => addMs(startOfMinute(minute), MINUTE_MS);

const burnWindow = (window: WindowReading, factor: string): AlertReading["windows"]["long"] => ({
  duration: formatDuration(durationMs(window.minutes * MINUTE_MS)),
  bad: window.bad,
  total: window.total,
  expected: window.expected,
  burnRate: decimalText(window.burnRate),
  threshold: factor,
});

/** Everything that explains a transition, in the form that alerts keep and events carry. */
const alertReading = async (tx: Tx, track: SloTrack, change: ExplainedTransition): Promise<AlertReading> => {
  const { reading, budget, transition } = change;
  const until = endOfMinute(transition.minute);
  const failing = await readFailing(tx, {
    probeIds: track.slo.definition.probes,
    sli: track.slo.definition.sli,
    from: addMs(until, -reading.long.minutes * MINUTE_MS),
    until,
  });
  const minutes = budget.minutesToExhaustion;
  return {
    evaluatedAt: instantText(until),
    objective: track.slo.definition.objective,
    window: formatDuration(track.slo.definition.window.durationMs),
    windows: { long: burnWindow(reading.long, reading.factor), short: burnWindow(reading.short, reading.factor) },
    budget: {
      consumedRatio: decimalText(budget.consumed),
      remainingRatio: decimalText(budget.remaining),
      exhaustedInSeconds: minutes === null ? null : Math.round(minutes * 60),
    },
    probes: failing.probes,
    locations: failing.locations,
  };
};

/** An episode that changed, and how: its event follows once it is known who is to be told. */
type Change = {
  readonly episode: Parameters<typeof recordAlertEvent>[1];
  readonly what: "firing" | "resolved";
};

const writeFired = async (tx: Tx, track: SloTrack, change: ExplainedTransition): Promise<Change> => {
  const { id: pairId, severity, notify } = change.pair.definition;
  const { number, minute } = change.transition;
  const key = { sloId: track.slo.id, pairId, number };
  const firedAt = endOfMinute(minute);
  const id = alertIdOf(eventKey(key, "firing"), firedAt);
  const reading = await alertReading(tx, track, change);
  if (!(await insertFiringAlert(tx, { ...key, id, severity, firedAt, reading, notify }))) throw staleError();
  return { episode: { ...key, id, notify }, what: "firing" };
};

const writeTransition = async (tx: Tx, track: SloTrack, change: ExplainedTransition): Promise<Change> => {
  const { transition } = change;
  if (transition.kind === "fired") return writeFired(tx, track, change);
  const episode = await resolveAlert(tx, {
    sloId: track.slo.id,
    pairId: change.pair.definition.id,
    number: transition.number,
    resolvedAt: endOfMinute(transition.minute),
    reason: transition.reason,
    reading: await alertReading(tx, track, change),
  });
  if (episode === null) throw staleError();
  return { episode, what: "resolved" };
};

export type TrackOutcome = { readonly track: SloTrack; readonly outcome: MinuteOutcome };

/** One minute of all SLOs: first every row, because one alert may keep another back, then who is told of what. */
const recordMinute = async (tx: Tx, outcomes: readonly TrackOutcome[], now: EpochMs): Promise<void> => {
  const changes: Change[] = [];
  for (const { track, outcome } of outcomes) {
    for (const change of outcome.transitions) changes.push(await writeTransition(tx, track, change));
  }
  const minute = outcomes[0]?.outcome.minute;
  if (minute === undefined || changes.length === 0) return;
  const { suppressed, freed } = await refreshSuppression(tx, { at: endOfMinute(minute), now });
  for (const { episode, what } of changes) {
    await recordAlertEvent(tx, episode, { what, isSuppressed: suppressed.has(episode.id), now });
  }
  await releaseAlerts(tx, freed, now);
};

/**
 * Writes the transitions of these minutes, in their order: alert rows and their events, in the caller's transaction. The
 * event of an alert that is silenced, inhibited or muted is recorded without deliveries, and delivered when that ends
 * while it still fires. @throws AppError CONFLICT when the stored alerts are not what the decision was made from.
 */
export const recordOutcomes = async (tx: Tx, outcomes: readonly TrackOutcome[], now: EpochMs): Promise<void> => {
  const byMinute = new Map<EpochMinute, TrackOutcome[]>();
  for (const one of outcomes) {
    const { minute } = one.outcome;
    byMinute.set(minute, [...(byMinute.get(minute) ?? []), one]);
  }
  for (const minute of [...byMinute.keys()].sort((a, b) => a - b)) {
    await recordMinute(tx, byMinute.get(minute) ?? [], now);
  }
};

/**
 * Resolves a firing alert whose pair or SLO left the configuration, as `policy_changed`. Its numbers stay those it fired
 * with: there is nothing any more to read it from. @throws AppError CONFLICT when the alert does not fire any more.
 */
export const recordRemoval = async (
  tx: Tx,
  args: { episode: AlertEpisode; minute: EpochMinute; now: EpochMs },
): Promise<void> => {
  const { episode, minute, now } = args;
  const { sloId, pairId, number } = episode;
  // Alerts are always locked before endpoints, so that no two transactions wait for each other.
  await readFiring(tx, { lock: true });
  const decision = decideRemoval({ kind: "firing", number, hasData: episode.hasData }, minute);
  const text = await readFiringReading(tx, episode);
  if (decision.transition?.kind !== "resolved" || text === null) throw staleError();
  const { reason } = decision.transition;
  const reading = JSON.parse(text) as AlertReading;
  const resolved = await resolveAlert(tx, { sloId, pairId, number, resolvedAt: endOfMinute(minute), reason, reading });
  if (resolved === null) throw staleError();
  await recordAlertEvent(tx, resolved, { what: "resolved", isSuppressed: false, now });
};
