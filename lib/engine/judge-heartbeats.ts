import type { Database } from "#db/database.ts";
import type { HeartbeatRow } from "#db/queries/heartbeats.ts";
import { readHearing, readHeartbeats, readPings, setJudgedUntil } from "#db/queries/heartbeats.ts";
import { createIngestCache, ingestRuns } from "#lib/commands/ingest-runs.ts";
import type { BeatWatch } from "#lib/core/heartbeat/judge-beat.ts";
import type { Ping } from "#lib/core/heartbeat/ping.ts";
import { NOTHING_HEARD } from "#lib/core/heartbeat/ping.ts";
import { runsDue } from "#lib/core/heartbeat/runs-due.ts";
import { nextSlotAt } from "#lib/core/schedule.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, epochMs, SECOND_MS } from "#lib/core/units.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { beatScheduleOf } from "./cron-schedule.ts";
import type { Lease } from "./lease.ts";
import { assertLease } from "./lease.ts";

/** A ping is stored within the deadline of a query; a slot is judged when none from before it can still be under way. */
export const SETTLE_MS = 3 * SECOND_MS;
/** After a longer absence, older slots stay without a run: unknown. */
const FURTHEST_BACK_MS = DAY_MS;
/** Slots of a heartbeat in one round; more take their turn in the next. */
const MOST_SLOTS = 1_000;
/** Hearing is never asked about further back than it is kept. */
const HEARING_KEPT_MS = 400 * DAY_MS;

type Due = {
  readonly row: HeartbeatRow;
  readonly watch: BeatWatch;
  readonly from: EpochMs;
  readonly until: EpochMs;
};

export type JudgeResult = { readonly runs: number; readonly hasMore: boolean };

export type HeartbeatJudge = {
  /** @throws AppError LEASE_LOST, DATABASE_TIMEOUT, DATABASE_UNREACHABLE: call it again. */
  readonly runOnce: (lease: Lease) => Promise<JudgeResult>;
};

/** Which slots of a heartbeat have no run yet, as far as they can be judged now. */
const dueOf = (row: HeartbeatRow, watch: BeatWatch, now: EpochMs): Due | null => {
  const { id, intervalMs } = row.definition;
  const from = epochMs(Math.max(row.judgedUntil ?? row.activeFrom, row.activeFrom, now - FURTHEST_BACK_MS));
  const until = epochMs(Math.min(addMs(now, -SETTLE_MS), from + MOST_SLOTS * intervalMs));
  return nextSlotAt(id, intervalMs, from) < until ? { row, watch, from, until } : null;
};

/** The earliest instant at which it matters whether pings could be received. */
const hearingSince = ({ row, watch, from }: Due, pings: readonly Ping[]): number => {
  const { graceMs, schedule } = watch;
  const oldestPing = pings.reduce<number>((oldest, ping) => Math.min(oldest, ping.at), from);
  const due =
    schedule.kind === "interval" ? from - graceMs - schedule.everyMs : schedule.lastDueAt(addMs(from, -graceMs));
  return Math.min(oldestPing, due ?? row.activeFrom) - graceMs;
};

/** Watches are kept while their version is in force, because reading a cron expression is slow. */
const createWatches = () => {
  const known = new Map<number, { readonly activeFrom: EpochMs; readonly watch: BeatWatch }>();
  return (row: HeartbeatRow): BeatWatch => {
    const before = known.get(row.probeNo);
    if (before?.activeFrom === row.activeFrom) return before.watch;
    const { schedule, graceMs } = row.definition;
    const watch: BeatWatch = { schedule: beatScheduleOf(schedule), graceMs, since: row.activeFrom };
    known.set(row.probeNo, { activeFrom: row.activeFrom, watch });
    return watch;
  };
};

const runsOf = (
  { row, watch, from, until }: Due,
  pings: readonly Ping[],
  hearing: Parameters<typeof runsDue>[0]["hearing"],
) => {
  const { id: probeId, intervalMs, locations } = row.definition;
  const [locationId = ""] = locations;
  return runsDue({ probeId, locationId, intervalMs, watch, heard: NOTHING_HEARD, pings, hearing }, from, until);
};

/**
 * Makes the runs of heartbeats from what was pushed: one at each slot, whoever makes it and however often, because a run
 * is stored once by probe, location and slot. What was pushed while nobody judged is judged afterwards.
 */
export const createHeartbeatJudge = (args: {
  database: Database;
  clock: { readonly now: () => EpochMs };
  log: Logger;
}): HeartbeatJudge => {
  const { database, clock, log } = args;
  const cache = createIngestCache();
  const watchOf = createWatches();

  const look = (now: EpochMs) =>
    database.read(async (db) => {
      const due = (await readHeartbeats(db)).flatMap((row) => dueOf(row, watchOf(row), now) ?? []);
      if (due.length === 0) return null;
      const ranges = due.map(({ row, from, until }) => ({ probeNo: row.probeNo, from, until }));
      const pings = await readPings(db, ranges);
      const since = due.reduce<number>(
        (earliest, one) => Math.min(earliest, hearingSince(one, pings.get(one.row.probeNo) ?? [])),
        now,
      );
      const hearing = await readHearing(db, { heardAfter: epochMs(Math.max(since, now - HEARING_KEPT_MS)) });
      return { due, pings, hearing };
    });

  return {
    runOnce: async (lease) => {
      const now = clock.now();
      const seen = await look(now);
      if (seen === null) return { runs: 0, hasMore: false };
      const { due, pings, hearing } = seen;
      const runs = due.flatMap((one) => runsOf(one, pings.get(one.row.probeNo) ?? [], hearing));
      await ingestRuns(database, { runs, now, cache, log });
      const progress = due.map(({ row, until }) => ({
        probeNo: row.probeNo,
        locationNo: row.locationNo,
        judgedUntil: until,
      }));
      await database.transaction(async (tx) => {
        await assertLease(tx, lease);
        await setJudgedUntil(tx, progress);
      });
      const target = addMs(now, -SETTLE_MS);
      return { runs: runs.length, hasMore: due.some(({ until }) => until < target) };
    },
  };
};
