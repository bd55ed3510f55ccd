import type { Database } from "#db/database.ts";
import type { ServiceState } from "#db/queries/service-states.ts";
import { insertServiceStates, writeWatchedUntil } from "#db/queries/service-states.ts";
import { writeSnapshot } from "#db/queries/snapshots.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import { Snapshot } from "#lib/contracts/snapshot.ts";
import { servicesInMaintenance } from "#lib/contracts/snapshot-maintenances.ts";
import type { DueProbe } from "#lib/core/status/data-as-of.ts";
import { dataAsOf } from "#lib/core/status/data-as-of.ts";
import { shownState } from "#lib/core/status/rollup.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs, minuteOf } from "#lib/core/units.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { histogram } from "#lib/runtime/metrics.ts";
import type { Lease } from "./lease.ts";
import { assertLease } from "./lease.ts";
import type { Uncounted } from "./locations/types.ts";
import { createLocationWatcher } from "./locations/watch-locations.ts";
import type { Transition } from "./publish/history.ts";
import { transitionOf } from "./publish/history.ts";
import { openImpactsOn } from "./publish/incidents.ts";
import type { Knowledge } from "./publish/read.ts";
import { look } from "./publish/read.ts";
import { serviceInState } from "./publish/resource.ts";
import type { ServiceView } from "./publish/snapshot.ts";
import { snapshotContent } from "./publish/snapshot.ts";
import type { Reason } from "./publish/states.ts";
import { measureService } from "./publish/states.ts";

export type PublisherDeps = {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly isDemo: boolean;
};

export type Publisher = {
  /**
   * One look and what follows from it: new states with their events, and the snapshot when its content changed or the
   * last one is 4 s old. Call it about once a second while leading. Null: nothing was written.
   * @throws AppError LEASE_LOST, and what the database throws; the next call then begins with a full look.
   */
  readonly runPublishOnce: (lease: Lease) => Promise<Snapshot | null>;
};

/** A little under the 5 s that readers are promised, to leave room for a slow round. */
const REPUBLISH_MS = 3_900;

const roundSeconds = () =>
  histogram({
    name: "nines_publish_duration_seconds",
    help: "How long a round of the publisher took.",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  });

/** The reasons that were shown last: counts move with each slot, but are told once a minute or with a new state. */
type Told = Map<string, { readonly key: string; readonly why: Reason }>;

const viewsOf = (knowledge: Knowledge, now: EpochMs, told: Told, uncounted: Uncounted): Map<string, ServiceView> => {
  const { watch, live, firstRuns, locationNames, locationNos, history } = knowledge;
  const worked = servicesInMaintenance(knowledge.maintenance.maintenances);
  return new Map(
    watch.services.map((service): [string, ServiceView] => {
      const { id } = service.row;
      const { measured, why } = measureService(service, {
        now,
        live,
        firstRuns,
        locationNames,
        locationNos,
        uncounted,
      });
      const impacts = openImpactsOn(knowledge.incident, id);
      const key = `${minuteOf(now)} ${measured} ${why.dissentingLocations.join()} ${why.locationsWithoutData.join()}`;
      const before = told.get(id);
      const shown = before?.key === key ? before.why : why;
      told.set(id, { key, why: shown });
      const hasData = why.decidedSlots > 0 || history.firstMeasuredAt(id) !== null;
      return [
        id,
        {
          measured,
          published: shownState({ measured, impacts, isInMaintenance: worked.has(id) }),
          why: shown,
          hasData,
        },
      ];
    }),
  );
};

const transitionsOf = (knowledge: Knowledge, views: ReadonlyMap<string, ServiceView>, now: EpochMs): Transition[] =>
  [...views].map(([serviceId, { measured, published }]) => {
    const { history, watchedUntil } = knowledge;
    return transitionOf({ serviceId, history, watchedUntil, now, measured, published });
  });

/**
 * Up to when the page knows its probes: see `dataAsOf`. Runs of heartbeats are made by the engine itself, so they say nothing
 * of those who probe: each of the two kinds is judged by its own runs. When the last run is too old to be in memory, what was
 * published last tells.
 */
const knownUntil = ({ watch, live, firstRuns, publishedAsOf }: Knowledge, now: EpochMs): EpochMs => {
  const untilOf = (isHeartbeat: boolean): EpochMs => {
    let newest: EpochMs | null = null;
    const probes: DueProbe[] = [];
    for (const { no, definition, activeFrom } of watch.probes) {
      if ((definition.type === "heartbeat") !== isHeartbeat) continue;
      const last = live.slotsOf(no).at(-1)?.at ?? null;
      if (last !== null && (newest === null || last > newest)) newest = last;
      const firstRun = firstRuns.get(no);
      if (firstRun !== undefined) probes.push({ ...definition, since: epochMs(Math.max(firstRun, activeFrom)) });
    }
    const asOf = dataAsOf(probes, { now, newest });
    return newest === null && publishedAsOf !== null && asOf < now ? epochMs(Math.max(asOf, publishedAsOf)) : asOf;
  };
  return epochMs(Math.min(untilOf(false), untilOf(true)));
};

/** States, their events, the mark and the snapshot: one transaction under the lease. */
const commit = (
  { database }: PublisherDeps,
  lease: Lease,
  args: { knowledge: Knowledge; transitions: readonly Transition[]; snapshot: Snapshot; now: EpochMs },
): Promise<void> => {
  const { knowledge, transitions, snapshot, now } = args;
  return database.transaction(async (tx) => {
    await assertLease(tx, lease);
    await insertServiceStates(
      tx,
      transitions.flatMap((transition) => transition.rows),
    );
    for (const { serviceId, rows, isNews } of transitions) {
      const state = rows.at(-1);
      const service = knowledge.watch.services.find((one) => one.row.id === serviceId);
      if (!isNews || state === undefined || service === undefined) continue;
      await recordEvent(tx, {
        type: "component.status_changed",
        subject: serviceId,
        dedupKey: `component.status_changed:${serviceId}:${state.since}`,
        data: serviceInState(service, state),
        occurredAt: state.since,
        notify: null,
        now,
      });
    }
    await writeWatchedUntil(tx, now);
    await writeSnapshot(tx, snapshot, now);
  });
};

const logTransitions = (log: Logger, transitions: readonly Transition[], knowledge: Knowledge): void => {
  for (const { serviceId, rows, isNews } of transitions) {
    const state: ServiceState | undefined = rows.at(-1);
    if (!isNews || state === undefined) continue;
    const from = knowledge.history.rowsOf(serviceId).at(-1)?.published ?? "unknown";
    log.info({ serviceId, from, to: state.published, measured: state.measured }, "the state of a service changed");
  }
};

/** The publisher of one process; it remembers what it published, so that nothing is written without a reason. */
export const createPublisher = (deps: PublisherDeps): Publisher => {
  const { database, clock, log, isDemo } = deps;
  let known: Knowledge | null = null;
  let leaseToken: bigint | null = null;
  let published: { content: string; at: EpochMs } | null = null;
  const told: Told = new Map();
  const locations = createLocationWatcher({ database, log });

  const round = async (lease: Lease): Promise<Snapshot | null> => {
    const now = clock.now();
    const knowledge = await look(database, known, now);
    known = knowledge;
    if (knowledge === null) return null;
    const { uncounted } = await locations.look({ lease, now, knowledge });
    const views = viewsOf(knowledge, now, told, uncounted);
    const transitions = transitionsOf(knowledge, views, now).filter((transition) => transition.rows.length > 0);
    logTransitions(log, transitions, knowledge);
    knowledge.history.append(transitions.flatMap((transition) => transition.rows));
    const content = snapshotContent({ ...knowledge, isDemo, now, views });
    const text = JSON.stringify(content);
    const isNew = published?.content !== text;
    const isDue = published === null || now - published.at >= REPUBLISH_MS || now < published.at;
    if (!isNew && !isDue && transitions.length === 0) return null;
    const instant = new Date(now).toISOString();
    const asOf = new Date(knownUntil(knowledge, now)).toISOString();
    const whole: Snapshot = { ...content, version: knowledge.snapshotVersion + 1, builtAt: instant, dataAsOf: asOf };
    const snapshot = isNew ? Snapshot.parse(whole) : whole;
    await commit(deps, lease, { knowledge, transitions, snapshot, now });
    knowledge.snapshotVersion = snapshot.version;
    knowledge.watchedUntil = now;
    knowledge.publishedAsOf = epochMs(Date.parse(snapshot.dataAsOf));
    published = { content: text, at: now };
    return snapshot;
  };

  return {
    runPublishOnce: async (lease) => {
      const startedMs = clock.monotonicMs();
      if (leaseToken !== lease.token) {
        known = null;
        leaseToken = lease.token;
      }
      try {
        return await round(lease);
      } catch (error) {
        // What was committed is not known: the next round reads it.
        known = null;
        published = null;
        throw error;
      } finally {
        roundSeconds().observe((clock.monotonicMs() - startedMs) / 1_000);
      }
    },
  };
};
