import type { Run } from "#lib/core/outcome.ts";
import { classOfCode, codeOfClass, OUTCOME_CLASSES, unmeasured } from "#lib/core/outcome.ts";
import type { Recorded, Try } from "#lib/core/tries.ts";
import { isTry } from "#lib/core/tries.ts";
import { addMs, durationUs, epochMs, MINUTE_MS } from "#lib/core/units.ts";

/**
 * What a record of the spool holds: `[1, run]`, a run as it is, or `[2, probe, location, minute, runs…]`, the folded runs
 * of one minute with five numbers each: milliseconds into the minute, class, microseconds, status (-1: none), bytes; or
 * `[3, try]`, which an earlier release passes over.
 */
const RUN = 1;
const FOLDED = 2;
const TRY = 3;
const NUMBERS = 5;
/** The detail of a run whose own was folded away. */
const FOLDED_DETAIL = "folded";

const CLASSES = new Set<unknown>(OUTCOME_CLASSES);

/** A run or a try as the bytes of one record. */
export const encodeRun = (recorded: Recorded): Buffer =>
  Buffer.from(JSON.stringify([isTry(recorded) ? TRY : RUN, recorded]));

/**
 * Folds runs by probe, location and minute: what buckets, slots and histograms are made of stays exact; phases, address,
 * trace, detail and failures go. A folded minute takes about a tenth of its runs.
 */
export const foldRuns = (runs: readonly Run[]): Buffer[] => {
  const minutes = new Map<string, (string | number)[]>();
  for (const { probeId, locationId, scheduledAt, outcome } of runs) {
    const minute = Math.floor(scheduledAt / MINUTE_MS);
    const key = `${probeId} ${locationId} ${minute}`;
    let record = minutes.get(key);
    if (record === undefined) {
      record = [FOLDED, probeId, locationId, minute];
      minutes.set(key, record);
    }
    const { httpStatus, bytesRead } = outcome;
    record.push(scheduledAt - minute * MINUTE_MS, codeOfClass(outcome.class), outcome.durationUs);
    record.push(httpStatus ?? -1, bytesRead);
  }
  return [...minutes.values()].map((record) => Buffer.from(JSON.stringify(record)));
};

const unfold = ([, probeId, locationId, minute, ...numbers]: readonly unknown[]): Run[] => {
  const values = numbers as number[];
  const start = epochMs((minute as number) * MINUTE_MS);
  const runs: Run[] = [];
  for (let at = 0; at + NUMBERS <= values.length; at += NUMBERS) {
    const [offset, code, us, status, bytes] = values.slice(at, at + NUMBERS) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const scheduledAt = addMs(start, offset);
    runs.push({
      probeId: probeId as string,
      locationId: locationId as string,
      scheduledAt,
      startedAt: scheduledAt,
      traceId: null,
      outcome: {
        ...unmeasured(classOfCode(code), FOLDED_DETAIL),
        durationUs: durationUs(us),
        httpStatus: status === -1 ? null : status,
        bytesRead: bytes,
      },
    });
  }
  return runs;
};

const isRun = (value: unknown): value is Run => {
  const run = value as Partial<Run> | null;
  return (
    typeof run?.probeId === "string" &&
    typeof run.locationId === "string" &&
    Number.isFinite(run.scheduledAt) &&
    CLASSES.has(run.outcome?.class)
  );
};

const isWholeTry = (value: unknown): value is Try => {
  const one = value as Partial<Try> | null;
  return Number.isInteger(one?.number) && isRun(one?.run);
};

const isFolded = ([, probeId, locationId, ...numbers]: readonly unknown[]): boolean =>
  typeof probeId === "string" && typeof locationId === "string" && numbers.every((value) => Number.isFinite(value));

/** What a record holds: a run, a try, or the runs of a folded minute. Null when a release that this one does not know wrote it. */
export const decodeRecord = (payload: Buffer): readonly Recorded[] | null => {
  try {
    const record: unknown = JSON.parse(payload.toString());
    if (!Array.isArray(record)) return null;
    if (record[0] === RUN && isRun(record[1])) return [record[1]];
    if (record[0] === TRY && isWholeTry(record[1])) return [record[1]];
    return record[0] === FOLDED && isFolded(record) ? unfold(record) : null;
  } catch {
    return null;
  }
};
