import type { Database } from "#db/database.ts";
import type { SloRow } from "#db/queries/config.ts";
import type { SliHour } from "#db/queries/sli-hours.ts";
import { readSliHours, readStartedSlos } from "#db/queries/sli-hours.ts";
import { readWaitingMinutes } from "#db/queries/verify.ts";
import type { MinuteSpan } from "#lib/core/bucket.ts";
import { isFromProbes } from "#lib/core/slo/definition.ts";
import type { EpochMinute } from "#lib/core/units.ts";
import { addMs, minuteOf, startOfMinute } from "#lib/core/units.ts";
import { recountSlots } from "../rollup/recount.ts";
import type { HourDrafts } from "../rollup/slot-hours.ts";
import { hourAtOf } from "../rollup/slot-hours.ts";
import type { Difference, Report } from "./difference.ts";
import { compareTexts } from "./difference.ts";

const CHUNK_MINUTES = 1_440;
const READ_DEADLINE_MS = 20_000;
const LOOKS = 3;

/** Minutes that count anything, by their instant. */
const minutesOf = (
  slo: SloRow,
  hours: Iterable<Pick<SliHour, "hourAt" | "good" | "total" | "expected">>,
  isAsked: (minute: EpochMinute) => boolean,
): Map<string, string> => {
  const texts = new Map<string, string>();
  for (const { hourAt, good, total, expected } of hours) {
    for (let index = 0; index < 60; index += 1) {
      const minute = (minuteOf(hourAt) + index) as EpochMinute;
      const [g, t, e] = [good[index] ?? 0, total[index] ?? 0, expected[index] ?? 0];
      if (!isAsked(minute) || (g === 0 && t === 0 && e === 0)) continue;
      texts.set(`${slo.id}, ${new Date(startOfMinute(minute)).toISOString()}`, `good ${g} of ${t}, expected ${e}`);
    }
  }
  return texts;
};

const compareChunk = async (
  database: Database,
  slo: SloRow,
  span: MinuteSpan,
): Promise<{ differences: Difference[]; compared: number }> => {
  const bounds = { from: startOfMinute(span.from), until: startOfMinute(span.until) };
  const waiting = new Set(await database.read((db) => readWaitingMinutes(db, bounds)));
  const drafts: HourDrafts = new Map();
  await recountSlots(database, { slo, span, drafts });
  const key = { sloId: slo.id, version: slo.version, fromAt: hourAtOf(span.from), toAt: addMs(bounds.until, -1) };
  const stored = await database.read((db) => readSliHours(db, [key]), { deadlineMs: READ_DEADLINE_MS });
  const isAsked = (minute: EpochMinute): boolean => minute >= span.from && minute < span.until && !waiting.has(minute);
  const differences: Difference[] = [];
  const compared = compareTexts((difference) => differences.push(difference), {
    kind: "sli_minute",
    stored: minutesOf(slo, stored, isAsked),
    recomputed: minutesOf(slo, drafts.values(), isAsked),
  });
  return { differences, compared };
};

/**
 * Counts the minutes of an SLO of [from, until) anew from raw runs and compares them with `sli_hours`. Returns how many
 * minutes were compared; null when there is nothing to compare them with: PromQL counts come from elsewhere, and a new
 * definition waits for its past.
 */
export const verifySlots = async (
  database: Database,
  args: { slo: SloRow; span: MinuteSpan; report: Report; signal: AbortSignal },
): Promise<number | null> => {
  const { slo, span, report, signal } = args;
  if (!isFromProbes(slo.definition.sli)) return null;
  const started = await database.read((db) => readStartedSlos(db, [{ sloId: slo.id, version: slo.version }]));
  if (!started.has(slo.id)) return null;
  let compared = 0;
  for (let from = span.from; from < span.until && !signal.aborted; from = (from + CHUNK_MINUTES) as EpochMinute) {
    const chunk = { from, until: Math.min(from + CHUNK_MINUTES, span.until) as EpochMinute };
    let found = await compareChunk(database, slo, chunk);
    for (let again = 1; again < LOOKS && found.differences.length > 0; again += 1) {
      found = await compareChunk(database, slo, chunk);
    }
    for (const difference of found.differences) report(difference);
    compared += found.compared;
  }
  return compared;
};
