import type { Tx } from "#db/database.ts";
import { markHoursOf } from "#db/queries/bucket-levels.ts";
import {
  insertBuckets,
  markMinutes,
  readNextBucketMinute,
  takeDirtyMarks,
  upsertBuckets,
} from "#db/queries/buckets.ts";
import type { SloRow } from "#db/queries/config.ts";
import { readSlos } from "#db/queries/config.ts";
import type { SloKey } from "#db/queries/sli-hours.ts";
import { readSliHours, readStartedSlos, upsertSliHours } from "#db/queries/sli-hours.ts";
import type { Bucket, MinuteSpan } from "#lib/core/bucket.ts";
import { bucketsOf } from "#lib/core/bucket.ts";
import { isFromProbes } from "#lib/core/slo/definition.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { minuteOf } from "#lib/core/units.ts";
import { noteCorrections } from "../evaluate/note-corrections.ts";
import type { Histories } from "../probe-histories.ts";
import { firstRunOf, loadHistories } from "../probe-histories.ts";
import { countSlots } from "./count-slots.ts";
import { findSameVersion } from "./same-slots.ts";
import type { SlotFacts } from "./slot-facts.ts";
import { readSlotFacts } from "./slot-facts.ts";
import { draftsOf, hourAtOf, hoursBySlo, writeMinutes } from "./slot-hours.ts";

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

/** The minutes of a half-open span. */
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
  // Minutes of PromQL SLOs come from their source, not from runs.
  const slos = (await readSlos(tx)).filter((slo) => isFromProbes(slo.definition.sli));
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
    facts: SlotFacts;
    isClosing: boolean;
  },
): Promise<void> => {
  const { targets, span, histories, facts, isClosing } = args;
  const asks = targets.map(({ key }) => ({
    ...key,
    fromAt: hourAtOf(span.from),
    toAt: hourAtOf((span.until - 1) as EpochMinute),
  }));
  const before = await readSliHours(tx, asks);
  const stored = hoursBySlo(before);
  const changed = targets.flatMap(({ slo, key }) => {
    const drafts = draftsOf(stored.get(slo.id) ?? []);
    const slots = countSlots({ definition: slo.definition, histories, facts, span });
    writeMinutes(drafts, key, span, slots);
    return [...drafts.values()];
  });
  if (!isClosing) await noteCorrections(tx, before, changed);
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
 * `closedUntil` is what is closed already; minutes from it on are being closed now. Of closed minutes only those count that
 * are still marked.
 */
export const rollMinutes = async (
  tx: Tx,
  args: { minutes: readonly EpochMinute[]; closedUntil: EpochMinute; now: EpochMs },
): Promise<void> => {
  // Before the runs are read: a run that this does not see marks its minute anew.
  const marked = await takeDirtyMarks(tx, args.minutes);
  // A closed minute that lost its mark meanwhile was rolled up by another, or its day was dropped: it has no runs to count.
  const due = args.minutes.filter((minute) => minute >= args.closedUntil || marked.has(minute));
  await markHoursOf(tx, due);
  for (const span of spansOf(due)) {
    const isClosing = span.from >= args.closedUntil;
    const histories = await loadHistories(tx, span);
    const targets = await targetsFor(tx, span, histories, isClosing);
    const definitions = targets.map(({ slo }) => slo.definition);
    const facts = await readSlotFacts(tx, { definitions, histories, pairs: histories.pairs, span });
    const buckets = [...histories.byNo.values()].flatMap((probe) =>
      bucketsOf(probe, facts.runs.get(probe.probeNo) ?? [], span),
    );
    await writeBuckets(tx, buckets, args.now, isClosing);
    await rollSlots(tx, { targets, span, histories, facts, isClosing });
    if (!isClosing) await markAfterLateFirstRuns(tx, { span, histories, closedUntil: args.closedUntil });
  }
};
