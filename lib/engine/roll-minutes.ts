import type { Tx } from "#db/database.ts";
import { markHoursOf } from "#db/queries/bucket-levels.ts";
import {
  insertBuckets,
  markMinutes,
  readNextBucketMinute,
  readRunFacts,
  takeDirtyMarks,
  upsertBuckets,
} from "#db/queries/buckets.ts";
import type { SloRow } from "#db/queries/config.ts";
import { readSlos } from "#db/queries/config.ts";
import type { SloKey } from "#db/queries/sli-hours.ts";
import { readSliHours, readStartedSlos, upsertSliHours } from "#db/queries/sli-hours.ts";
import type { Bucket, MinuteSpan, RunFact } from "#lib/core/bucket.ts";
import { bucketsOf } from "#lib/core/bucket.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { minuteOf, startOfMinute } from "#lib/core/units.ts";
import type { Histories } from "./probe-histories.ts";
import { firstRunOf, loadHistories } from "./probe-histories.ts";
import { findSameVersion } from "./same-slots.ts";
import { draftsOf, hourAtOf, hoursBySlo, slotsOfSlo, writeMinutes } from "./slot-hours.ts";

/** Minutes as spans of neighbours, in order. */
const spansOf = (minutes: readonly EpochMinute[]): MinuteSpan[] => {
  const spans: MinuteSpan[] = [];
  for (const minute of [...minutes].sort((a, b) => a - b)) {
    const last = spans.at(-1);
    const until = (minute + 1) as EpochMinute;
    if (last?.until === minute) spans[spans.length - 1] = { from: last.from, until };
    else spans.push({ from: minute, until });
  }
  return spans;
};

export const minutesOf = ({ from, until }: MinuteSpan): EpochMinute[] =>
  Array.from({ length: until - from }, (_, index) => (from + index) as EpochMinute);

/** An SLO in force, and the version under which its minutes are kept for now. */
type RollTarget = { readonly slo: SloRow; readonly key: SloKey };

/**
 * SLOs whose hours this span may change. A new version that counts the same slots as the one before goes on under that
 * one until its hours are copied, so that no minute is lost in between. Any other one without hours begins here only when
 * none of its probes ran earlier; else it waits for its back-fill, so that hours that exist are always complete.
 */
const targetsFor = async (
  tx: Tx,
  span: MinuteSpan,
  histories: Histories,
  isClosing: boolean,
): Promise<RollTarget[]> => {
  const targets: RollTarget[] = [];
  const slos = await readSlos(tx);
  const keyOf = (slo: SloRow, version = slo.version): SloKey => ({ sloId: slo.id, version });
  const started = await readStartedSlos(
    tx,
    slos.map((slo) => keyOf(slo)),
  );
  for (const slo of slos) {
    if (started.has(slo.id)) {
      targets.push({ slo, key: keyOf(slo) });
      continue;
    }
    const sameVersion = slo.version > 1 ? await findSameVersion(tx, slo) : null;
    const firstRunAt = firstRunOf(histories, slo.definition.probes);
    const isNew = isClosing && firstRunAt !== null && minuteOf(firstRunAt) >= span.from;
    if (sameVersion !== null) targets.push({ slo, key: keyOf(slo, sameVersion) });
    else if (isNew) targets.push({ slo, key: keyOf(slo) });
  }
  return targets;
};

const rollSlots = async (
  tx: Tx,
  args: {
    targets: readonly RollTarget[];
    span: MinuteSpan;
    histories: Histories;
    runs: ReadonlyMap<number, RunFact[]>;
  },
): Promise<void> => {
  const { targets, span, histories, runs } = args;
  const asks = targets.map(({ key }) => ({
    ...key,
    fromAt: hourAtOf(span.from),
    toAt: hourAtOf((span.until - 1) as EpochMinute),
  }));
  const stored = hoursBySlo(await readSliHours(tx, asks));
  const changed = targets.flatMap(({ slo, key }) => {
    const drafts = draftsOf(stored.get(slo.id) ?? []);
    const slots = slotsOfSlo({ definition: slo.definition, histories, runs, span });
    writeMinutes(drafts, key, span, slots);
    return [...drafts.values()];
  });
  await upsertSliHours(tx, changed);
};

/**
 * A first run that came in late: minutes between it and the first bucket of its pair were closed as if nothing had been
 * expected. They are marked to be rolled up again.
 */
const markAfterLateFirstRuns = async (
  tx: Tx,
  args: { span: MinuteSpan; histories: Histories; closedUntil: EpochMinute },
): Promise<void> => {
  const { span, histories, closedUntil } = args;
  for (const { probeNo, firstRunAt } of histories.byNo.values()) {
    for (const [locationNo, at] of firstRunAt) {
      const first = minuteOf(at);
      if (first < span.from || first >= span.until) continue;
      const next = await readNextBucketMinute(tx, { probeNo, locationNo, after: first });
      const until = Math.min(next ?? closedUntil, closedUntil) as EpochMinute;
      await markMinutes(tx, { locationNo, from: (first + 1) as EpochMinute, until });
    }
  }
};

const isDuplicate = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "23505";

/** A minute that is being closed has no buckets yet. Should it have some after all, they are replaced. */
const writeBuckets = async (tx: Tx, buckets: readonly Bucket[], now: EpochMs, isClosing: boolean): Promise<void> => {
  if (!isClosing) return upsertBuckets(tx, buckets, now);
  try {
    await tx.savepoint((inner) => insertBuckets(inner, buckets, now));
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    await upsertBuckets(tx, buckets, now);
  }
};

/**
 * Rolls minutes up in the caller's transaction: takes their marks, reads their raw runs, writes whole buckets and whole
 * minutes of every SLO in force, and marks their hours. What it writes is a function of the raw runs, so it may be repeated at will.
 * `closedUntil` is what is closed already; minutes from it on are being closed now.
 */
export const rollMinutes = async (
  tx: Tx,
  args: { minutes: readonly EpochMinute[]; closedUntil: EpochMinute; now: EpochMs },
): Promise<void> => {
  // Before the runs are read: a run that this does not see marks its minute anew.
  await takeDirtyMarks(tx, args.minutes);
  await markHoursOf(tx, args.minutes);
  for (const span of spansOf(args.minutes)) {
    const isClosing = span.from >= args.closedUntil;
    const histories = await loadHistories(tx, span);
    const runs = await readRunFacts(tx, {
      pairs: histories.pairs,
      from: startOfMinute(span.from),
      until: startOfMinute(span.until),
    });
    const buckets = [...histories.byNo.values()].flatMap((probe) =>
      bucketsOf(probe, runs.get(probe.probeNo) ?? [], span),
    );
    await writeBuckets(tx, buckets, args.now, isClosing);
    const targets = await targetsFor(tx, span, histories, isClosing);
    await rollSlots(tx, { targets, span, histories, runs });
    if (!isClosing) await markAfterLateFirstRuns(tx, { span, histories, closedUntil: args.closedUntil });
  }
};
