import type { Database, Db } from "#db/database.ts";
import { readAlertPage } from "#db/queries/alert-facts.ts";
import { readConfigVersion } from "#db/queries/config.ts";
import type { SloReadingRow } from "#db/queries/listings.ts";
import { readNewestReadings } from "#db/queries/listings.ts";
import type { LiveRun } from "#db/queries/live-runs.ts";
import { readFirstRuns, readLiveRuns, readRunsIngestedAfter } from "#db/queries/live-runs.ts";
import { readWatchedUntil } from "#db/queries/service-states.ts";
import { readSnapshotAsOf, readSnapshotVersion } from "#db/queries/snapshots.ts";
import type { AlertFacts } from "#lib/contracts/alert-resource.ts";
import type { LocalDay } from "#lib/core/status/local-days.ts";
import { lastLocalDays } from "#lib/core/status/local-days.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, MINUTE_MS, minuteOf, SECOND_MS } from "#lib/core/units.ts";
import type { LiveSlots } from "../rollup/live-slots.ts";
import { createLiveSlots } from "../rollup/live-slots.ts";
import type { History } from "./history.ts";
import { readHistory } from "./history.ts";
import type { IncidentPart } from "./incidents.ts";
import { readIncidentPart } from "./incidents.ts";
import type { Latency } from "./latency.ts";
import { createLatency } from "./latency.ts";
import type { MaintenancePart } from "./maintenances.ts";
import { readMaintenancePart } from "./maintenances.ts";
import type { Watch } from "./watch.ts";
import { readWatch } from "./watch.ts";

/** Days that the page shows. */
const SHOWN_DAYS = 90;
const MOST_FIRING = 1_000;
/** Everything is read anew this often, so that nothing that a look missed stays missed. */
const RELOAD_EVERY_MS = MINUTE_MS;
/** A run may become visible this long after the instant that it is stored under: clocks differ, commits take time. */
const OVERLAP_MS = 10 * SECOND_MS;
const LOAD_DEADLINE_MS = 10_000;

/** What the publisher knows. Only its own commits change what it writes; a failure throws it away. */
export type Knowledge = {
  readonly watch: Watch;
  readonly loadedAt: EpochMs;
  readonly live: LiveSlots;
  readonly firstRuns: Map<number, EpochMs>;
  readonly history: History;
  readonly latency: Latency;
  readonly days: readonly LocalDay[];
  readonly locationNames: ReadonlyMap<number, string>;
  readonly locationNos: ReadonlyMap<string, number>;
  /** Until when the newest states were known to hold at the last commit. */
  watchedUntil: EpochMs | null;
  snapshotVersion: number;
  /** As of when the data of the last snapshot was; null before the first. */
  publishedAsOf: EpochMs | null;
  /** Up to when results were seen. */
  readAt: EpochMs;
  incident: IncidentPart;
  readings: readonly SloReadingRow[];
  firing: readonly AlertFacts[];
  maintenance: MaintenancePart;
};

const noteRuns = (knowledge: Pick<Knowledge, "live" | "firstRuns">, runs: readonly LiveRun[]): void => {
  knowledge.live.add(runs);
  for (const { probeNo, scheduledAt } of runs) {
    const first = knowledge.firstRuns.get(probeNo);
    if (first === undefined || scheduledAt < first) knowledge.firstRuns.set(probeNo, scheduledAt);
  }
};

const keptFrom = ({ keptMs }: Watch, now: EpochMs): Map<number, EpochMs> =>
  new Map([...keptMs].map(([no, ms]) => [no, addMs(now, -ms)]));

const rangesOf = (watch: Watch, now: EpochMs) => {
  const noOf = new Map(watch.locations.map((location) => [location.id, location.no]));
  const from = keptFrom(watch, now);
  return watch.probes.flatMap(({ no, definition }) =>
    definition.locations.flatMap((id) => {
      const locationNo = noOf.get(id);
      const since = from.get(no);
      return locationNo === undefined || since === undefined ? [] : [{ probeNo: no, locationNo, from: since }];
    }),
  );
};

const readJudgements = async (db: Db, watch: Watch) => {
  const sloIds = watch.services.flatMap((service) => service.slos.map((slo) => slo.id));
  const readings = await readNewestReadings(db, sloIds);
  const filter = { state: "firing", severity: null, sloId: null, serviceId: null } as const;
  const firing = await readAlertPage(db, { filter, limit: MOST_FIRING, after: null, before: null });
  return { readings, firing };
};

/** Reads everything anew; null before the first configuration. `latency` is kept: the past of it does not change. */
const load = async (db: Db, now: EpochMs, latency: Latency): Promise<Knowledge | null> => {
  const watch = await readWatch(db, now);
  if (watch === null) return null;
  const days = lastLocalDays(now, SHOWN_DAYS, watch.document.page.timeZone);
  const history = await readHistory(db, days[0]?.from ?? now);
  const live = createLiveSlots();
  const firstRuns = await readFirstRuns(db);
  noteRuns({ live, firstRuns }, await readLiveRuns(db, rangesOf(watch, now)));
  await latency.refresh(db, now);
  return {
    watch,
    loadedAt: now,
    live,
    firstRuns,
    history,
    latency,
    days,
    locationNames: new Map(watch.locations.map((location) => [location.no, location.name])),
    locationNos: new Map(watch.locations.map((location) => [location.id, location.no])),
    watchedUntil: await readWatchedUntil(db),
    snapshotVersion: await readSnapshotVersion(db),
    publishedAsOf: await readSnapshotAsOf(db),
    readAt: now,
    incident: await readIncidentPart(db, now),
    maintenance: await readMaintenancePart(db, now),
    ...(await readJudgements(db, watch)),
  };
};

/** Adds what has happened since the last look. */
const catchUp = async (db: Db, knowledge: Knowledge, now: EpochMs): Promise<void> => {
  const { watch, live } = knowledge;
  const longest = Math.max(0, ...watch.keptMs.values());
  const runs = await readRunsIngestedAfter(db, {
    ingestedAfter: addMs(knowledge.readAt, -OVERLAP_MS),
    scheduledFrom: addMs(now, -longest),
  });
  const incident = await readIncidentPart(db, now, knowledge.incident);
  const maintenance = await readMaintenancePart(db, now);
  const judgements = await readJudgements(db, watch);
  noteRuns(knowledge, runs);
  live.prune(keptFrom(watch, now));
  Object.assign(knowledge, { readAt: now, incident, maintenance, ...judgements });
};

/** One look at the database: what is new, or everything when the last full look is too old or the configuration changed. */
export const look = async (database: Database, known: Knowledge | null, now: EpochMs): Promise<Knowledge | null> => {
  const isFresh =
    known !== null &&
    minuteOf(known.loadedAt) === minuteOf(now) &&
    now - known.loadedAt < RELOAD_EVERY_MS &&
    now >= known.readAt &&
    (await database.read(readConfigVersion)) === known.watch.document.version;
  if (!isFresh) {
    return database.read((db) => load(db, now, known?.latency ?? createLatency()), { deadlineMs: LOAD_DEADLINE_MS });
  }
  await database.read((db) => catchUp(db, known, now));
  return known;
};
