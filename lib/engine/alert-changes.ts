import { createHash } from "node:crypto";
import type { Tx } from "#db/database.ts";
import type { AlertEpisode } from "#db/queries/alerts.ts";
import {
  insertFiringAlert,
  readFailing,
  readFiringReading,
  readServiceIdOfSlo,
  resolveAlert,
} from "#db/queries/alerts.ts";
import { readEventDelivery } from "#db/queries/events.ts";
import { readSloVersion } from "#db/queries/sli-hours.ts";
import { recordEvent, releaseEvent } from "#lib/commands/record-event.ts";
import type { AlertReading } from "#lib/contracts/api.ts";
import { alertResource, decimalText, instantText } from "#lib/contracts/api.ts";
import type { SloDefinition } from "#lib/core/definitions.ts";
import { formatDuration } from "#lib/core/duration.ts";
import { AppError } from "#lib/core/errors.ts";
import { decideRemoval } from "#lib/core/slo/alert.ts";
import type { WindowReading } from "#lib/core/slo/reading.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { addMs, durationMs, epochMs, MINUTE_MS, startOfMinute } from "#lib/core/units.ts";
import { newId } from "#lib/runtime/ids.ts";
import type { ExplainedTransition, MinuteOutcome, SloTrack } from "./slo-track.ts";

/** When the end of a complete minute was reached: the instant that its transitions carry. */
export const endOfMinute = (minute: EpochMinute): EpochMs => addMs(startOfMinute(minute), MINUTE_MS);

export const eventKey = (sloId: string, pairId: string, number: number, what: "firing" | "resolved"): string =>
  `alert:${sloId}:${pairId}:${number}:${what}`;

/** The same episode has the same id wherever it is worked out. */
const alertIdOf = (key: string, firedAt: EpochMs): string =>
  newId("alt", firedAt, (size) => createHash("sha256").update(key).digest().subarray(0, size));

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

/** The stored alerts are not those that the decision was made from: nothing may be written then. */
export const staleError = (): AppError =>
  new AppError("CONFLICT", "another evaluator changed the alerts or readings of an SLO meanwhile");

const recordFired = async (
  tx: Tx,
  args: { track: SloTrack; change: ExplainedTransition; isMuted: boolean; now: EpochMs },
): Promise<void> => {
  const { track, change, isMuted, now } = args;
  const { definition } = change.pair;
  const { number, minute } = change.transition;
  const key = eventKey(track.slo.id, definition.id, number, "firing");
  const firedAt = endOfMinute(minute);
  const reading = await alertReading(tx, track, change);
  const facts = {
    id: alertIdOf(key, firedAt),
    sloId: track.slo.id,
    serviceId: track.slo.serviceId,
    pair: definition.id,
    number,
    severity: definition.severity,
    state: "firing",
    hasData: true,
    firedAtMs: firedAt,
    resolvedAtMs: null,
    resolveReason: null,
    reading,
  } as const;
  const { id, sloId, severity } = facts;
  if (!(await insertFiringAlert(tx, { id, sloId, pairId: definition.id, number, severity, firedAt, reading }))) {
    throw staleError();
  }
  await recordEvent(tx, {
    type: "alert.firing",
    subject: id,
    dedupKey: key,
    data: alertResource(facts),
    occurredAt: firedAt,
    notify: isMuted ? [] : definition.notify,
    now,
  });
};

type Resolution = {
  readonly sloId: string;
  readonly serviceId: string;
  readonly pairId: string;
  readonly number: number;
  readonly resolvedAt: EpochMs;
  readonly reason: "recovered" | "no_data" | "excluded" | "policy_changed";
  readonly reading: AlertReading;
  readonly notify: readonly string[] | null;
};

const recordResolved = async (tx: Tx, resolution: Resolution, now: EpochMs): Promise<void> => {
  const { sloId, pairId, number, reason, reading, serviceId } = resolution;
  const episode = await resolveAlert(tx, resolution);
  if (episode === null) throw staleError();
  const resolvedAt = epochMs(Math.max(episode.firedAt, resolution.resolvedAt));
  // Who was not told of the alert is not told of its end.
  const firing = await readEventDelivery(tx, eventKey(sloId, pairId, number, "firing"));
  await recordEvent(tx, {
    type: "alert.resolved",
    subject: episode.id,
    dedupKey: eventKey(sloId, pairId, number, "resolved"),
    data: alertResource({
      id: episode.id,
      sloId,
      serviceId,
      pair: pairId,
      number,
      severity: episode.severity,
      state: "resolved",
      hasData: true,
      firedAtMs: episode.firedAt,
      resolvedAtMs: resolvedAt,
      resolveReason: reason,
      reading,
    }),
    occurredAt: resolvedAt,
    notify: firing?.isDelivered === true ? resolution.notify : [],
    now,
  });
};

/**
 * Writes the transitions of one minute of an SLO: alert rows and their events, in the caller's transaction. A ticket's
 * event is recorded without deliveries while a page of the same SLO fires, and delivered when the page resolves first.
 * @throws AppError CONFLICT when the stored alerts are not what the decision was made from.
 */
export const recordOutcome = async (tx: Tx, track: SloTrack, outcome: MinuteOutcome, now: EpochMs): Promise<void> => {
  for (const change of outcome.transitions) {
    const { definition } = change.pair;
    const { transition } = change;
    if (transition.kind === "fired") {
      const isMuted = definition.severity === "ticket" && outcome.isPageFiring;
      await recordFired(tx, { track, change, isMuted, now });
      continue;
    }
    const resolution: Resolution = {
      sloId: track.slo.id,
      serviceId: track.slo.serviceId,
      pairId: definition.id,
      number: transition.number,
      resolvedAt: endOfMinute(transition.minute),
      reason: transition.reason,
      reading: await alertReading(tx, track, change),
      notify: definition.notify,
    };
    await recordResolved(tx, resolution, now);
  }
  for (const { pair, number } of outcome.unmuted) {
    const dedupKey = eventKey(track.slo.id, pair.definition.id, number, "firing");
    await releaseEvent(tx, { dedupKey, type: "alert.firing", notify: pair.definition.notify, now });
  }
};

/** Endpoints of a pair that left the policy, as the last version that was evaluated named them. */
const notifyOfRemoved = async (
  tx: Tx,
  episode: AlertEpisode,
  version: number | null,
): Promise<readonly string[] | null> => {
  const text = version === null ? null : await readSloVersion(tx, { sloId: episode.sloId, version });
  if (text === null) return null;
  const { burnRateAlerts } = JSON.parse(text) as SloDefinition;
  return burnRateAlerts.find((pair) => pair.id === episode.pairId)?.notify ?? null;
};

/**
 * Resolves a firing alert whose pair or SLO left the configuration, as `policy_changed`. Its numbers stay those it fired
 * with: there is nothing any more to read it from. `version`: the definition that was evaluated last.
 * @throws AppError CONFLICT when the alert does not fire any more.
 */
export const recordRemoval = async (
  tx: Tx,
  args: { episode: AlertEpisode; version: number | null; minute: EpochMinute; now: EpochMs },
): Promise<void> => {
  const { episode, version, minute, now } = args;
  const { sloId, pairId, number } = episode;
  const decision = decideRemoval({ kind: "firing", number, hasData: episode.hasData }, minute);
  const text = await readFiringReading(tx, episode);
  const serviceId = await readServiceIdOfSlo(tx, sloId);
  if (decision.transition?.kind !== "resolved" || text === null || serviceId === null) throw staleError();
  const notify = await notifyOfRemoved(tx, episode, version);
  const reading = JSON.parse(text) as AlertReading;
  const { reason } = decision.transition;
  const resolvedAt = endOfMinute(minute);
  await recordResolved(tx, { sloId, serviceId, pairId, number, resolvedAt, reason, reading, notify }, now);
};
