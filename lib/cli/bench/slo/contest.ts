import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Database } from "#db/database.ts";
import { openDatabase } from "#db/database.ts";
import { startTemporary } from "#db/embedded/temporary.ts";
import { migrate } from "#db/migrate.ts";
import { setBenchClosedUntil } from "#db/queries/bench-slo.ts";
import { AppError } from "#lib/core/errors.ts";
import { countsOver } from "#lib/core/slo/reading.ts";
import { createBlockPool } from "#lib/core/slo/series.ts";
import { addMs, MINUTE_MS, minuteOf } from "#lib/core/units.ts";
import { applyTicks, loadMinutes, readTicks } from "#lib/engine/evaluate/load-minutes.ts";
import { loadTracks } from "#lib/engine/evaluate/load-tracks.ts";
import type { Evaluation, SloTrack } from "#lib/engine/evaluate/slo-track.ts";
import { evaluateTrack, readingOf } from "#lib/engine/evaluate/slo-track.ts";
import { createEvaluator } from "#lib/engine/evaluate.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { acquireLease } from "#lib/engine/lease.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { treeCpuUs } from "../process-cpu.ts";
import { FIRST_TICK, seedSlos } from "./seed.ts";

const TICKS = 15;
const LOAD_DEADLINE_MS = 60_000;

/** CPU times are user + system of this process, in milliseconds. */
export type TickFigures = {
  /** Putting the new minute in, judging the eight windows of four pairs, and the sums of the SLO's own window. */
  readonly tickMs: number;
  /** Working out all figures that a stored reading shows to people. */
  readonly figuresMs: number;
  /** Reading the new minute of all SLOs: here, and in PostgreSQL (null where /proc does not tell). */
  readonly readMs: number;
  readonly readPostgresMs: number | null;
};

export type SloFigures = {
  readonly slos: number;
  readonly takeoverWallMs: number;
  readonly takeoverCpuMs: number;
  readonly takeoverPostgresMs: number | null;
  readonly bytesPerSlo: number;
  readonly tick: TickFigures;
  /** One whole round of the engine: read, judge, write every reading. Wall time. */
  readonly roundWallMs: number;
};

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

const collectGarbage = (): void => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
};
const heldBytes = (): number => {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

type Ground = { readonly database: Database; readonly lease: Lease; readonly postgresPid: number };

const postgresMs = ({ postgresPid }: Ground): number | null => {
  const us = treeCpuUs(postgresPid);
  return us === null ? null : us / 1_000;
};
const since = (before: number | null, after: number | null): number | null =>
  before === null || after === null ? null : after - before;

/** A new engine: from nothing to the first readings written. Then rounds as they are every minute. */
const measureEngine = async (ground: Ground) => {
  const { database, lease } = ground;
  const evaluator = createEvaluator({ database, clock: systemClock, log: silentLogger });
  const [wall, cpu, postgres] = [performance.now(), cpuMs(), postgresMs(ground)];
  const { evaluated } = await evaluator.runEvaluateOnce(lease, { rerolled: [] });
  const takeover = {
    takeoverWallMs: performance.now() - wall,
    takeoverCpuMs: cpuMs() - cpu,
    takeoverPostgresMs: since(postgres, postgresMs(ground)),
  };
  if (evaluated === 0) throw new AppError("INTERNAL", "the engine found nothing to evaluate");
  const rounds: number[] = [];
  for (let tick = 1; tick <= 5; tick += 1) {
    await database.transaction((tx) => setBenchClosedUntil(tx, addMs(FIRST_TICK, (tick + 1) * MINUTE_MS)));
    const start = performance.now();
    await evaluator.runEvaluateOnce(lease, { rerolled: [] });
    rounds.push(performance.now() - start);
  }
  evaluator.forget();
  return { ...takeover, roundWallMs: median(rounds) };
};

/** What judging one minute of every SLO costs, beside the read of that minute. */
const measureTick = async (ground: Ground, tracks: readonly SloTrack[], tick: number): Promise<TickFigures> => {
  const { database } = ground;
  const end = minuteOf(addMs(FIRST_TICK, tick * MINUTE_MS));
  const loads = tracks.map((track) => ({ track, end }));
  const [readFrom, postgres] = [cpuMs(), postgresMs(ground)];
  const ticks = await readTicks(database, loads);
  const readMs = cpuMs() - readFrom;
  const readPostgresMs = since(postgres, postgresMs(ground));
  if (ticks === null) throw new AppError("INTERNAL", "a minute is not read as one");
  const from = cpuMs();
  const evaluations: Evaluation[] = [];
  let counted = 0;
  applyTicks(loads, ticks, (track) => {
    evaluations.push(evaluateTrack(track, end));
    if (countsOver(track.minutes.events, end, track.compiled.windowMinutes).total > 0) counted += 1;
  });
  const tickMs = cpuMs() - from;
  const readings = evaluations.map(readingOf);
  const figuresMs = cpuMs() - from - tickMs;
  if (counted !== tracks.length || readings.some((reading) => reading.budget.total === 0))
    throw new AppError("INTERNAL", "a reading is empty");
  for (const { track, through, alerts } of evaluations) {
    track.through = through;
    track.alerts = alerts;
  }
  return { tickMs, figuresMs, readMs, readPostgresMs };
};

const measureTicks = async (ground: Ground, slos: number) => {
  const { database } = ground;
  const before = heldBytes();
  const tracks = await loadTracks({
    database,
    pool: createBlockPool(),
    kept: new Map(),
    deadlineMs: LOAD_DEADLINE_MS,
    log: silentLogger,
  });
  const list = [...tracks.values()];
  const end = minuteOf(addMs(FIRST_TICK, -MINUTE_MS));
  await loadMinutes(
    database,
    list.map((track) => ({ track, end })),
    () => undefined,
  );
  const bytesPerSlo = (heldBytes() - before) / slos;
  const measured: TickFigures[] = [];
  for (let tick = 0; tick < TICKS; tick += 1) measured.push(await measureTick(ground, list, tick));
  const pick = (name: "tickMs" | "figuresMs" | "readMs"): number => median(measured.map((one) => one[name]));
  const known = measured.flatMap(({ readPostgresMs }) => (readPostgresMs === null ? [] : [readPostgresMs]));
  const tick: TickFigures = {
    tickMs: pick("tickMs"),
    figuresMs: pick("figuresMs"),
    readMs: pick("readMs"),
    // Its ticks are 10 ms long: the mean says more than the median.
    readPostgresMs: known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0) / known.length,
  };
  return { bytesPerSlo, tick };
};

/** Measures `slos` SLOs of the default policy over 28 days in a PostgreSQL of their own. */
export const measureSlos = async (slos: number): Promise<SloFigures> => {
  const { server, stop } = await startTemporary({ settings: { fsync: "on", shared_buffers: "256MB" } });
  const database = openDatabase({ url: server.url, applicationName: "nines-bench" });
  try {
    await migrate({ url: server.url });
    await seedSlos(database, slos);
    const lease = await acquireLease(database, { name: "engine", holder: "bench", ttlMs: 3_600_000 });
    if (lease === null) throw new AppError("INTERNAL", "a new database has a leader already");
    const ground: Ground = { database, lease, postgresPid: server.pid };
    // First, while nothing else is held that a collector might leave behind.
    const ticks = await measureTicks(ground, slos);
    return { slos, ...ticks, ...(await measureEngine(ground)) };
  } finally {
    await database.close();
    await stop();
  }
};
