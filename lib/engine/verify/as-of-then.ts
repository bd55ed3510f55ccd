import type { Database } from "#db/database.ts";
import type { SloRow } from "#db/queries/config.ts";
import { readExclusionInstants, readExclusions } from "#db/queries/exclusions.ts";
import { readCorrections } from "#db/queries/sli-corrections.ts";
import { spansOfSlo } from "#db/queries/slo-minutes.ts";
import { exclusionsAsOf } from "#lib/core/slo/exclusions.ts";
import type { Counts } from "#lib/core/slo/series.ts";
import { countsAt } from "#lib/core/slo/series.ts";
import { setCounts, setSpans } from "#lib/core/slo/track-minutes.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { epochMs, minuteOf } from "#lib/core/units.ts";
import { endOfMinute } from "../alerts/alert-changes.ts";
import type { SloTrack } from "../evaluate/slo-track.ts";

type Old = { readonly evaluatedThrough: EpochMinute; readonly counts: Counts };

/** What an evaluation knew at the time it was made. */
export type AsOfThen = {
  /** Evaluations after these minutes knew more than those up to them. Ascending. */
  readonly turns: readonly Turn[];
  /** Puts into the track what an evaluation of `minute` knew at its end, or at `knownAt`; null: what is known now. */
  readonly apply: (track: SloTrack, minute: EpochMinute | null, knownAt?: EpochMs) => void;
};

/** A minute, and when more became known while it was the newest one: by exclusions, in order; by corrections at its end. */
export type Turn = { readonly minute: EpochMinute; readonly instants: readonly EpochMs[] };

/**
 * Late runs and exclusions change the past: an alert must be judged by what was known then. The counts before each
 * correction are in `sli_corrections`, exclusions carry when they were made, approved and revoked.
 */
export const loadAsOfThen = async (database: Database, slo: SloRow, from: EpochMinute): Promise<AsOfThen> => {
  const corrections = await database.read((db) => readCorrections(db, { sloId: slo.id, evaluatedFrom: from }));
  const olds = new Map<EpochMinute, Old[]>();
  for (const { minute, evaluatedThrough, good, total, expected } of corrections) {
    const counts = { bad: total - good, total, expected };
    olds.set(minute, [...(olds.get(minute) ?? []), { evaluatedThrough, counts }]);
  }
  const finals = new Map<EpochMinute, Counts>();
  const applyCorrections = (track: SloTrack, at: EpochMinute | null): void => {
    const loaded = track.loadedThrough;
    for (const [minute, list] of olds) {
      if (loaded === null || minute > loaded) continue;
      const final = finals.get(minute) ?? countsAt(track.minutes.raw, minute);
      finals.set(minute, final);
      const old = at === null ? undefined : list.find(({ evaluatedThrough }) => evaluatedThrough >= at);
      setCounts(track.minutes, minute, old?.counts ?? final, loaded);
    }
  };
  const instants = await database.read(readExclusionInstants);
  const exclusions =
    instants.length === 0
      ? []
      : await database.read((db) => readExclusions(db, { endedAfter: epochMs(0), withRevoked: true }));
  const applyExclusions = (track: SloTrack, knownAt: EpochMs | null): void => {
    const known = knownAt === null ? exclusions : exclusionsAsOf(exclusions, knownAt);
    setSpans(track.minutes, spansOfSlo(slo, known), track.loadedThrough);
  };
  const turns = new Map<EpochMinute, EpochMs[]>(corrections.map(({ evaluatedThrough }) => [evaluatedThrough, []]));
  for (const instant of instants) {
    const minute = (minuteOf(instant) - 1) as EpochMinute;
    turns.set(minute, [...(turns.get(minute) ?? []), instant]);
  }
  return {
    turns: [...turns]
      .filter(([minute]) => minute >= from)
      .sort(([a], [b]) => a - b)
      .map(([minute, list]) => ({ minute, instants: list })),
    apply: (track, minute, knownAt) => {
      applyCorrections(track, minute);
      if (instants.length > 0) applyExclusions(track, minute === null ? null : (knownAt ?? endOfMinute(minute)));
    },
  };
};
