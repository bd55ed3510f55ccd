import type { Db } from "#db/database.ts";
import type { PairKey } from "#db/queries/buckets.ts";
import { readFirstRuns } from "#db/queries/buckets.ts";
import { readLocations, readProbesForRollup } from "#db/queries/config.ts";
import { readUncounted } from "#db/queries/eyesight.ts";
import type { MinuteSpan, ProbeHistory, ProbeSpan } from "#lib/core/bucket.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, MINUTE_MS, startOfMinute } from "#lib/core/units.ts";

/** A probe that was removed may still have runs under way for a while; their minutes are rolled up like any other. */
const KEEP_REMOVED_MS = 15 * MINUTE_MS;

export type Histories = {
  /** By probe number. */
  readonly byNo: ReadonlyMap<number, ProbeHistory>;
  readonly byId: ReadonlyMap<string, ProbeHistory>;
  /** Numbers of locations by id, retired ones too. */
  readonly locationNos: ReadonlyMap<string, number>;
  /** Every probe and location that has run before the end of the span. */
  readonly pairs: readonly PairKey[];
};

/** The definitions and first runs that the minutes of a span depend on. Tables of one row a probe and location. */
export const loadHistories = async (db: Db, span: MinuteSpan): Promise<Histories> => {
  const [from, until] = [startOfMinute(span.from), startOfMinute(span.until)];
  const versions = await readProbesForRollup(db, { from: addMs(from, -KEEP_REMOVED_MS), until });
  const locations = await readLocations(db, { withRetired: true });
  const uncounted = await readUncounted(db, { endedAfter: from });
  const locationNo = new Map(locations.map((location) => [location.id, location.no]));
  const firstRuns = new Map<number, Map<number, EpochMs>>();
  const pairs: PairKey[] = [];
  const known = new Set(versions.map((version) => version.no));
  for (const first of await readFirstRuns(db)) {
    if (first.firstScheduledAt >= until || !known.has(first.probeNo)) continue;
    const ofProbe = firstRuns.get(first.probeNo) ?? new Map<number, EpochMs>();
    firstRuns.set(first.probeNo, ofProbe.set(first.locationNo, first.firstScheduledAt));
    pairs.push({ probeNo: first.probeNo, locationNo: first.locationNo });
  }
  const byNo = new Map<number, ProbeHistory & { spans: ProbeSpan[] }>();
  for (const { no, definition, activeFrom, activeUntil } of versions) {
    const history = byNo.get(no) ?? {
      probeNo: no,
      probeId: definition.id,
      spans: [],
      firstRunAt: firstRuns.get(no) ?? new Map<number, EpochMs>(),
      uncounted,
    };
    const locationNos = definition.locations.flatMap((id) => locationNo.get(id) ?? []);
    history.spans.push({ intervalMs: definition.intervalMs, locationNos, activeFrom, activeUntil });
    byNo.set(no, history);
  }
  const byId = new Map([...byNo.values()].map((history) => [history.probeId, history]));
  return { byNo, byId, locationNos: locationNo, pairs };
};

/** The earliest first run of these probes; null when none of them ever ran. */
export const firstRunOf = (histories: Histories, probeIds: readonly string[]): EpochMs | null => {
  let earliest: EpochMs | null = null;
  for (const probeId of probeIds) {
    for (const at of histories.byId.get(probeId)?.firstRunAt.values() ?? []) {
      if (earliest === null || at < earliest) earliest = at;
    }
  }
  return earliest;
};
