import type { Database, Tx } from "#db/database.ts";
import type { PromqlProgress } from "#db/queries/promql.ts";
import { upsertPromqlProgress } from "#db/queries/promql.ts";
import { insertCorrections } from "#db/queries/sli-corrections.ts";
import type { SliHour } from "#db/queries/sli-hours.ts";
import { readSliHours, storeSliMinutes } from "#db/queries/sli-hours.ts";
import type { CountedHour, MinuteCounts } from "#lib/core/promql/count-minutes.ts";
import { changedMinutes, countHour } from "#lib/core/promql/count-minutes.ts";
import type { PollStep } from "#lib/core/promql/plan-poll.ts";
import { hoursOf } from "#lib/core/promql/plan-poll.ts";
import type { MinuteValues } from "#lib/core/promql/read-answer.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { addMinutes, epochMs, HOUR_MS, minuteOf, startOfMinute } from "#lib/core/units.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import type { Lease } from "../lease.ts";
import { assertLease } from "../lease.ts";
import type { PromqlSlo, SourceAnswer } from "./promql-source.ts";

type StoreArgs = {
  readonly database: Database;
  readonly lease: Lease;
  readonly log: Logger;
  readonly now: EpochMs;
  readonly slo: PromqlSlo;
  readonly step: PollStep;
  readonly before: PromqlProgress | undefined;
};

export type Stored = { readonly progress: PromqlProgress; readonly changed: readonly EpochMinute[] };

const DEADLINE_MS = 10_000;

const hourAtOf = (minute: EpochMinute): EpochMs => epochMs(Math.floor(startOfMinute(minute) / HOUR_MS) * HOUR_MS);

type Known = (minute: EpochMinute) => {
  readonly good: number;
  readonly total: number;
  readonly expected: number;
  /** Whether anything of its hour is stored. */
  readonly isStored: boolean;
};

/** The stored minutes of a step and of the one before it; zeros where nothing is stored. */
const readKnown = async (tx: Tx, { slo, step }: StoreArgs): Promise<Known> => {
  const fromAt = hourAtOf(addMinutes(step.first, -1));
  const asks = [{ sloId: slo.id, version: slo.version, fromAt, toAt: hourAtOf(step.last) }];
  const hours = new Map<EpochMs, SliHour>((await readSliHours(tx, asks)).map((hour) => [hour.hourAt, hour]));
  return (minute) => {
    const hourAt = hourAtOf(minute);
    const hour = hours.get(hourAt);
    const index = minute - minuteOf(hourAt);
    const at = (list: readonly number[] | undefined): number => list?.[index] ?? 0;
    const isStored = hour !== undefined;
    return { good: at(hour?.good), total: at(hour?.total), expected: at(hour?.expected), isStored };
  };
};

/** Minutes that are waited for now, and no hours of the past. */
const isLive = ({ slo, step, before }: StoreArgs): boolean =>
  step.next.until > (before?.version === slo.version ? (before.polled?.until ?? 0) : 0);

/**
 * Keeps what minutes counted that were judged before their source brought something else, as `noteCorrections` does. Of a
 * past that is read for the first time nothing is kept: it is read before anything is judged by it.
 */
const noteCorrected = async (
  tx: Tx,
  args: StoreArgs,
  known: Known,
  changed: readonly MinuteCounts[],
): Promise<void> => {
  const { id: sloId, version } = args.slo;
  const corrections = changed.flatMap(({ minute }) => {
    const { isStored, good, total, expected } = known(minute);
    return isStored || isLive(args) ? [{ sloId, version, minute, good, total, expected }] : [];
  });
  await insertCorrections(tx, corrections);
};

/** Counts all hours of a step; what the minute before an hour let expect goes over to it. */
const countStep = (step: PollStep, known: Known, values: { good: MinuteValues; total: MinuteValues }): CountedHour => {
  const minutes: MinuteCounts[] = [];
  let [clamped, withoutGood] = [0, 0];
  let carry = known(addMinutes(step.first, -1)).expected;
  for (const [first, last] of hoursOf(step)) {
    const hour = countHour({ first, last, carry, ...values });
    minutes.push(...hour.minutes);
    clamped += hour.clamped;
    withoutGood += hour.withoutGood;
    carry = hour.minutes.at(-1)?.expected ?? carry;
  }
  return { minutes, clamped, withoutGood };
};

const remarkOf = ({ clamped, withoutGood }: CountedHour): string | null => {
  if (clamped > 0) return `good is above total in ${clamped} minutes: they count as all good`;
  if (withoutGood > 0) return `good has no sample in ${withoutGood} minutes where total has one: they count as no data`;
  return null;
};

const logChange = ({ log, slo, before }: StoreArgs, progress: PromqlProgress): void => {
  const isSame = before?.state === progress.state && before.lastError === progress.lastError;
  if (isSame || (before === undefined && progress.lastError === null)) return;
  const fields = { slo: slo.id, reason: progress.lastError };
  if (progress.state === "failing")
    log.warn(fields, "the source of an SLO is failing; its minutes have no data until it answers");
  else if (progress.lastError !== null) log.warn(fields, "the source of an SLO gives an odd answer");
  else log.info({ slo: slo.id }, "the source of an SLO answers as it should");
};

/** Writes minutes and progress in one transaction under the lease. Returns what changed. */
const commit = async (
  args: StoreArgs,
  decide: (known: Known) => { minutes: readonly MinuteCounts[]; progress: PromqlProgress },
): Promise<Stored> => {
  const { database, lease, slo } = args;
  const stored = await database.transaction(
    async (tx) => {
      await assertLease(tx, lease);
      const known = await readKnown(tx, args);
      const { minutes, progress } = decide(known);
      const changed = changedMinutes(minutes, known);
      await noteCorrected(tx, args, known, changed);
      const rows = changed.map(({ minute, good, total, expected }) => ({ minute, good, total, expected }));
      await storeSliMinutes(tx, { sloId: slo.id, version: slo.version }, rows);
      await upsertPromqlProgress(tx, progress);
      return { progress, changed: changed.map(({ minute }) => minute) };
    },
    { deadlineMs: DEADLINE_MS },
  );
  logChange(args, stored.progress);
  return stored;
};

const progressOf = (
  { slo, before, now }: StoreArgs,
  change: Pick<PromqlProgress, "polled" | "state" | "lastError">,
): PromqlProgress => {
  const isSame = before?.version === slo.version && before.state === change.state;
  return { sloId: slo.id, version: slo.version, since: isSame ? before.since : now, ...change };
};

/** Stores what a source answered, and that the minutes of the step are known now. */
export const storeAnswer = (args: StoreArgs & { good: MinuteValues; total: MinuteValues }): Promise<Stored> =>
  commit(args, (known) => {
    const counted = countStep(args.step, known, args);
    const change = { polled: args.step.next, state: "ok", lastError: remarkOf(counted) } as const;
    return { minutes: counted.minutes, progress: progressOf(args, change) };
  });

/**
 * Stores that a source could not be used. Live minutes are noted as due and without data, so that a firing alert does not
 * resolve because nobody could look; they are asked for again until there is an answer.
 */
export const storeFailure = (
  args: StoreArgs & { query: "good" | "total"; failed: Extract<SourceAnswer, { kind: "failed" }> },
): Promise<Stored> =>
  commit(args, (known) => {
    const { slo, step, before, query, failed, log } = args;
    if (failed.isExhausted)
      log.error({ slo: slo.id, reason: failed.reason }, "a source refuses our questions for long");
    const polled = before?.version === slo.version ? before.polled : null;
    const nothing = { good: new Map(), total: new Map() };
    const missing = isLive(args) ? countStep(step, known, nothing).minutes : [];
    const since = polled?.until ?? step.first;
    const lastError = failed.isWholeSource ? failed.reason : `${query}: ${failed.reason}`;
    return {
      minutes: missing.filter(({ minute }) => minute >= since),
      progress: progressOf(args, { polled, state: "failing", lastError }),
    };
  });
