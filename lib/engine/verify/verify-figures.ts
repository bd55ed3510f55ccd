import type { Database } from "#db/database.ts";
import type { SloRow } from "#db/queries/config.ts";
import { readSlos } from "#db/queries/config.ts";
import { readOldestRun } from "#db/queries/raw-runs.ts";
import { readClosedUntil } from "#db/queries/rollup-progress.ts";
import type { MinuteSpan } from "#lib/core/bucket.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { minuteOf } from "#lib/core/units.ts";
import type { Difference, Report } from "./difference.ts";
import { verifyAlerts } from "./verify-alerts.ts";
import { verifyBuckets } from "./verify-buckets.ts";
import { verifySlots } from "./verify-slots.ts";

export type VerifyAsk = {
  /** Default: the oldest raw run; alerts since their definition came into force. */
  readonly from: EpochMs | null;
  /** Default and at most: what the rollup has closed. */
  readonly until: EpochMs | null;
  /** Only this SLO, and no buckets. */
  readonly sloId: string | null;
  readonly signal: AbortSignal;
  readonly onProgress: (what: string) => void;
};

export type Verified = {
  readonly span: MinuteSpan | null;
  readonly buckets: number;
  readonly sliMinutes: number;
  readonly readings: number;
  readonly alerts: number;
  /** SLOs of which something could not be compared, with the reason. */
  readonly leftOut: readonly { readonly sloId: string; readonly why: string }[];
};

/** A service that runs may change what is compared between two reads: what differs is looked at once more. */
const twice = async <T>(report: Report, work: (report: Report) => Promise<T>): Promise<T> => {
  const seen: Difference[] = [];
  const first = await work((difference) => seen.push(difference));
  if (seen.length === 0) return first;
  return work(report);
};

/** The closed minutes to look at: those with raw runs, or what was asked for of them. Null without any. */
export const spanToVerify = async (
  database: Database,
  { from, until }: Pick<VerifyAsk, "from" | "until">,
): Promise<MinuteSpan | null> => {
  const closedUntil = await database.read(readClosedUntil);
  const oldest = await database.read(readOldestRun);
  if (closedUntil === null || oldest === null) return null;
  const span = {
    from: minuteOf(Math.max(oldest, from ?? oldest) as EpochMs),
    until: Math.min(closedUntil, until === null ? closedUntil : minuteOf(until)) as EpochMinute,
  };
  return span.from < span.until ? span : null;
};

const slosToVerify = async (database: Database, sloId: string | null): Promise<SloRow[]> => {
  const slos = (await database.read(readSlos)).filter((slo) => sloId === null || slo.id === sloId);
  if (sloId !== null && slos.length === 0) throw new AppError("NOT_FOUND", `no SLO "${sloId}" is in force`);
  return slos;
};

/**
 * Works buckets, minutes of SLOs, readings and alerts out again from raw runs, through the engine's own functions, and
 * reports every figure that is stored otherwise. Reads only; one chunk of minutes and one SLO in memory at a time.
 * @throws AppError NOT_FOUND for an unknown SLO; errors of the database.
 */
export const verifyFigures = async (database: Database, ask: VerifyAsk, report: Report): Promise<Verified> => {
  const { sloId, signal, onProgress } = ask;
  const slos = await slosToVerify(database, sloId);
  const span = await spanToVerify(database, ask);
  const counts = { buckets: 0, sliMinutes: 0, readings: 0, alerts: 0 };
  const leftOut: { sloId: string; why: string }[] = [];
  if (span !== null && sloId === null) {
    const note = (minute: EpochMinute): void => onProgress(`buckets up to ${new Date(minute * 60_000).toISOString()}`);
    counts.buckets = await verifyBuckets(database, { span, report, signal, onProgress: note });
  }
  for (const slo of slos) {
    if (signal.aborted) break;
    onProgress(slo.id);
    const minutes = span === null ? null : await verifySlots(database, { slo, span, report, signal });
    if (minutes === null) leftOut.push({ sloId: slo.id, why: "its minutes do not come from raw runs that are kept" });
    counts.sliMinutes += minutes ?? 0;
    const from = ask.from === null ? null : minuteOf(ask.from);
    const judged = await twice(report, (one) => verifyAlerts(database, { slo, from, report: one }));
    if (judged === null) leftOut.push({ sloId: slo.id, why: "its definition has not been evaluated yet" });
    counts.alerts += judged?.alerts ?? 0;
    counts.readings += judged?.readings ?? 0;
  }
  return { span, ...counts, leftOut };
};
