import type { Tx } from "#db/database.ts";
import { readFailing } from "#db/queries/alerts.ts";
import type { ThresholdEpisode, ThresholdRow } from "#db/queries/threshold-alerts.ts";
import { insertThresholdAlert, resolveThresholdAlert, setThresholdHasData } from "#db/queries/threshold-alerts.ts";
import type { ThresholdReading } from "#lib/contracts/alerts.ts";
import { decimalText, instantText } from "#lib/contracts/values.ts";
import type { Figure } from "#lib/core/alerting/threshold.ts";
import type { ThresholdAlert } from "#lib/core/definitions.ts";
import { formatDuration } from "#lib/core/duration.ts";
import type { AlertDecision } from "#lib/core/slo/alert.ts";
import { toNumber } from "#lib/core/slo/fraction.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { addMs } from "#lib/core/units.ts";
import { endOfMinute } from "./alert-changes.ts";
import { alertIdOf, recordAlertEvent, staleError } from "./record-alert.ts";
import { eventKey, refreshSuppression, releaseAlerts } from "./suppress-alerts.ts";

/** The name under which an alert on a threshold is stored where others have their pair. */
export const thresholdPairOf = ({ id }: Pick<ThresholdAlert, "id">): string => `threshold_${id}`;

/** A threshold alert, judged at the end of a minute. */
export type Judgement = {
  readonly row: ThresholdRow;
  readonly minute: EpochMinute;
  readonly episode: ThresholdEpisode | undefined;
  readonly figure: Figure;
  readonly decision: AlertDecision;
};

const readingOf = async (tx: Tx, { row, minute, figure }: Judgement): Promise<ThresholdReading> => {
  const { definition } = row;
  const until = endOfMinute(minute);
  const span = { from: addMs(until, -definition.windowMs), until };
  const failing = await readFailing(tx, { probeIds: definition.probes, sli: { kind: "availability" }, ...span });
  const isTime = definition.metric === "p99" || definition.metric === "average";
  return {
    evaluatedAt: instantText(until),
    threshold: {
      metric: definition.metric,
      op: definition.op,
      limit: definition.value,
      value: figure.value === null ? null : decimalText(toNumber(figure.value), 6),
      unit: isTime ? "ms" : "percent",
      window: formatDuration(definition.windowMs),
      for: formatDuration(definition.forMs),
    },
    ...failing,
  };
};

type Change = { readonly episode: Parameters<typeof recordAlertEvent>[1]; readonly what: "firing" | "resolved" };

const writeJudgement = async (tx: Tx, judgement: Judgement): Promise<Change[]> => {
  const { row, minute, episode, decision } = judgement;
  const { transition, next } = decision;
  if (transition === null) {
    const hadData = episode?.hasData ?? true;
    if (episode !== undefined && next.kind === "firing" && next.hasData !== hadData)
      await setThresholdHasData(tx, episode.id, next.hasData);
    return [];
  }
  const at = endOfMinute(minute);
  const reading = await readingOf(tx, judgement);
  if (transition.kind === "resolved") {
    const isDone =
      episode !== undefined &&
      (await resolveThresholdAlert(tx, { id: episode.id, resolvedAt: at, reason: "recovered", reading }));
    if (!isDone) throw staleError();
    return [{ episode, what: "resolved" }];
  }
  const { serviceId, definition } = row;
  const { severity, notify } = definition;
  const key = { sloId: null, pairId: thresholdPairOf(definition), number: transition.number };
  const id = alertIdOf(eventKey(key, "firing"), at);
  const { pairId, number } = key;
  const made = { id, serviceId, pairId, number, severity, firedAt: at, reading, notify };
  if (!(await insertThresholdAlert(tx, made))) throw staleError();
  return [{ episode: { ...key, id, notify }, what: "firing" }];
};

/**
 * Writes what these judgements bring, and ends the alerts that left the configuration, in the caller's transaction. As for
 * burn-rate alerts first the rows, then who is told. Returns how many fired or resolved.
 * @throws AppError CONFLICT when the stored alerts are not what the decision was made from.
 */
export const recordThresholds = async (
  tx: Tx,
  args: { judgements: readonly Judgement[]; removed: readonly ThresholdEpisode[]; now: EpochMs },
): Promise<number> => {
  const { judgements, removed, now } = args;
  const changes: Change[] = [];
  for (const judgement of judgements) changes.push(...(await writeJudgement(tx, judgement)));
  for (const episode of removed) {
    await resolveThresholdAlert(tx, { id: episode.id, resolvedAt: now, reason: "policy_changed", reading: null });
    changes.push({ episode, what: "resolved" });
  }
  if (changes.length === 0) return 0;
  const { suppressed, freed } = await refreshSuppression(tx, { at: now, now });
  for (const { episode, what } of changes)
    await recordAlertEvent(tx, episode, { what, isSuppressed: suppressed.has(episode.id), now });
  await releaseAlerts(tx, freed, now);
  return changes.length;
};
