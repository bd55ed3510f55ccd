import type { Database } from "#db/database.ts";
import type { PromqlProgress } from "#db/queries/promql.ts";
import { readPromqlProgress } from "#db/queries/promql.ts";
import { knownThrough, oldestMinute } from "#lib/core/promql/plan-poll.ts";
import { isFromProbes } from "#lib/core/slo/definition.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { addMinutes, MINUTE_MS } from "#lib/core/units.ts";
import type { SloTrack } from "./slo-track.ts";
import { nextMinuteOf } from "./slo-track.ts";

/** A source that brings nothing new for this long is judged without it, so many minutes behind the others. */
const PATIENCE_MINUTES = 3;

/** How far a source was read when that changed last, and when that was seen. */
type Wait = { readonly mark: string; readonly since: EpochMs };
/** By SLO: what is remembered of waiting, for as long as this process leads. */
export type Waits = Map<string, Wait>;

/** Whether an SLO is counted by another system, so that its minutes wait for that one. */
export const isPromqlTrack = ({ slo }: SloTrack): boolean => !isFromProbes(slo.definition.sli);

const markOf = ({ slo }: SloTrack, progress: PromqlProgress | undefined): string =>
  progress?.version === slo.version && progress.polled !== null
    ? `${progress.polled.from} ${progress.polled.until}`
    : `version ${slo.version}`;

const reachOf = (
  track: SloTrack,
  args: { progress: PromqlProgress | undefined; waits: Waits; newest: EpochMinute; now: EpochMs },
): EpochMinute | null => {
  const { progress, waits, newest, now } = args;
  const { id, version, definition } = track.slo;
  const polled = progress?.version === version ? progress.polled : null;
  const known = knownThrough(polled, oldestMinute(now, definition.window.durationMs));
  if (known !== null && known >= newest) {
    waits.delete(id);
    return newest;
  }
  const mark = markOf(track, progress);
  const wait = waits.get(id);
  const since = wait?.mark === mark ? wait.since : now;
  waits.set(id, { mark, since });
  if (now - since < PATIENCE_MINUTES * MINUTE_MS) return known;
  return Math.max(known ?? 0, addMinutes(newest, -PATIENCE_MINUTES)) as EpochMinute;
};

/**
 * Up to which minute each track may be judged; null: not at all yet. Minutes of PromQL are there some 45 s after those of
 * probes, and a track waits for them, so that each minute is judged once and by what it counted. When nothing new comes
 * for three minutes it is judged without data, three minutes behind. Time is counted from when the waiting was seen:
 * minutes that were missed while nobody led are asked for before they are given up.
 */
export const readReaches = async (
  database: Database,
  args: { tracks: Iterable<SloTrack>; waits: Waits; newest: EpochMinute; now: EpochMs },
): Promise<(track: SloTrack) => EpochMinute | null> => {
  const { waits, newest, now } = args;
  const waiting = [...args.tracks].filter((track) => isPromqlTrack(track) && nextMinuteOf(track) <= newest);
  if (waiting.length === 0) return () => newest;
  const rows = await database.read((db) =>
    readPromqlProgress(
      db,
      waiting.map(({ slo }) => slo.id),
    ),
  );
  const progress = new Map(rows.map((row) => [row.sloId, row]));
  const reaches = new Map<SloTrack, EpochMinute | null>();
  for (const track of waiting) {
    reaches.set(track, reachOf(track, { progress: progress.get(track.slo.id), waits, newest, now }));
  }
  return (track) => {
    const reach = reaches.get(track);
    return reach === undefined ? newest : reach;
  };
};
